import { expect } from 'chai';
import { descriptorSet } from '../proto/gen/descriptors.js';
import { grpc } from '../proto/gen/messages.js';
import { services } from '../proto/services.js';
import { createReflection, descriptorFiles } from './grpc-reflection.js';

const { ServerReflectionRequest, ServerReflectionResponse } = grpc.reflection.v1;

describe('gRPC reflection', () => {
  const files = descriptorFiles(Buffer.from(descriptorSet, 'base64'));
  const answer = createReflection(files, () => ['a.B', 'c.D']);
  const ask = (request: grpc.reflection.v1.ServerReflectionRequest.$Properties) =>
    ServerReflectionResponse.decode(answer(ServerReflectionRequest.encode(request).finish()));

  it('knows every method the transports know, and every file it depends on', () => {
    const symbols = new Set(files.flatMap((file) => file.symbols));
    for (const service of Object.values(services)) {
      for (const method of Object.values(service)) {
        expect(symbols.has(`${method.service}.${method.name}`), method.name).to.equal(true);
      }
    }
    const names = new Set(files.map((file) => file.name));
    for (const file of files)
      for (const name of file.dependencies) expect(names.has(name), name).to.equal(true);
    expect(symbols.has('grpc.health.v1.HealthCheckResponse.ServingStatus')).to.equal(true);
  });

  it('lists services, and finds files with all they need', () => {
    expect(ask({ listServices: '*' }).listServicesResponse?.service?.map((each) => each.name)).to.deep.equal([
      'a.B',
      'c.D',
    ]);
    const found = ask({ fileContainingSymbol: 'grove.query.v1.QueryService.Native' }).fileDescriptorResponse;
    expect(found?.fileDescriptorProto?.length).to.equal(2);
    const name = files[0]?.name ?? '';
    expect(ask({ fileByFilename: name }).fileDescriptorResponse?.fileDescriptorProto?.[0]).to.deep.equal(
      Buffer.from(files[0]?.bytes ?? []),
    );
    expect(ask({ fileContainingSymbol: 'no.Such' }).errorResponse?.errorCode).to.equal(5);
    expect(ask({ allExtensionNumbersOfType: 'x' }).errorResponse?.errorCode).to.equal(12);
    expect(ask({ host: 'h', listServices: '' }).validHost).to.equal('h');
  });
});
