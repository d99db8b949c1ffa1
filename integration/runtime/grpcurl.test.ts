/**
 * The public door as a stranger sees it: the real grpcurl lists, describes, checks health and calls, given no file.
 */
import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import { HealthService, QueryService, type grove } from '../../proto/services.js';
import { createHealth } from '../../runtime/grpc-health.js';
import { serveReflection } from '../../runtime/grpc-reflection.js';
import { createGrpcServer, type GrpcServer } from '../../runtime/grpc.js';
import { runCommand } from '../../runtime/place.js';
import { grpcurlBinary } from '../servers/grpcurl.js';
import { clock, log } from '../servers/nats.js';

describe('grpcurl', function () {
  this.timeout(30_000);
  let binary: string;
  let server: GrpcServer;
  const run = async (...args: string[]): Promise<{ code: number; output: string }> =>
    runCommand(clock, binary, ['-plaintext', ...args], { timeLimitMs: 20_000 });

  before(async function () {
    this.timeout(600_000);
    binary = await grpcurlBinary(this);
    server = await createGrpcServer({ host: '127.0.0.1', port: 0, token: undefined, clock, log });
    const health = createHealth();
    health.set('', true);
    health.set('grove.query.v1.QueryService', false);
    server.serve(HealthService, health.handlers);
    server.serve(QueryService, {
      Native: async function* (request: grove.query.v1.NativeRequest.$Properties) {
        if (request.query === 'bad')
          throw new CodedError('InvalidInput', 'query[bad] is not JSON', { field: 'query' });
        yield { rows: '[{"n":' };
        yield { rows: '1}]' };
      },
      // eslint-disable-next-line require-yield
      Sql: async function* () {
        throw new CodedError('Unsupported', 'SQL is not planned yet');
      },
      Cancel: async () => ({ known: false }),
    });
    serveReflection(server);
  });
  after(async () => {
    await server?.close();
  });

  it('lists and describes', async () => {
    expect((await run(server.address, 'list')).output.trim().split('\n')).to.deep.equal([
      'grove.query.v1.QueryService',
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
    ]);
    expect((await run(server.address, 'list', 'grove.query.v1.QueryService')).output).to.include(
      'QueryService.Native',
    );
    const described = await run(server.address, 'describe', 'grove.query.v1.QueryService');
    expect(described.output).to.include(
      'rpc Native ( .grove.query.v1.NativeRequest ) returns ( stream .grove.query.v1.QueryResponse );',
    );
    expect((await run(server.address, 'describe', '.grove.query.v1.QueryResponse')).output).to.include(
      'oneof part',
    );
    expect((await run(server.address, 'describe', 'grpc.reflection.v1.ServerReflection')).output).to.include(
      'stream .grpc.reflection.v1.ServerReflectionRequest',
    );
    expect((await run(server.address, 'describe', 'no.such.Thing')).code).to.not.equal(0);
  });

  it('checks health, calls, and shows errors with their status', async () => {
    expect((await run(server.address, 'grpc.health.v1.Health/Check')).output).to.include('"SERVING"');
    const one = await run(
      '-d',
      '{"service":"grove.query.v1.QueryService"}',
      server.address,
      'grpc.health.v1.Health/Check',
    );
    expect(one.output).to.include('NOT_SERVING');
    const unknown = await run('-d', '{"service":"x"}', server.address, 'grpc.health.v1.Health/Check');
    expect(unknown.output).to.include('NotFound');
    const call = await run('-d', '{"query":"{}"}', server.address, 'grove.query.v1.QueryService/Native');
    expect(call.code).to.equal(0);
    expect(call.output.replaceAll(/\s+/g, '')).to.equal(String.raw`{"rows":"[{\"n\":"}{"rows":"1}]"}`);
    const bad = await run('-d', '{"query":"bad"}', server.address, 'grove.query.v1.QueryService/Native');
    expect(bad.output).to.include('InvalidArgument').and.to.include('query[bad] is not JSON');
    const sql = await run(server.address, 'grove.query.v1.QueryService/Sql');
    expect(sql.output).to.include('Unimplemented');
  });
});
