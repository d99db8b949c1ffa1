/**
 * Server reflection (v1, and v1alpha, which is the same on the wire) over the descriptor set generated with the
 * protos, so that grpcurl lists, describes and calls without being given any file.
 */
import { descriptorSet } from '../proto/gen/descriptors.js';
import { grpc } from '../proto/gen/messages.js';
import type { GrpcServer } from './grpc.js';

const { ServerReflectionRequest, ServerReflectionResponse } = grpc.reflection.v1;
type Response = grpc.reflection.v1.ServerReflectionResponse.$Properties;
const NOT_FOUND = 5;
const UNIMPLEMENTED = 12;
const reflectionServices = [
  'grpc.reflection.v1.ServerReflection',
  'grpc.reflection.v1alpha.ServerReflection',
] as const;

export interface DescriptorFile {
  readonly name: string;
  readonly packageName: string;
  readonly dependencies: readonly string[];
  /** Full names of the messages, enums, services and methods declared in it. */
  readonly symbols: readonly string[];
  readonly bytes: Uint8Array;
}

interface Field {
  readonly number: number;
  readonly bytes: Uint8Array;
}

/** The length-delimited fields of one message; numbers and the like are passed over. */
function* fields(bytes: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const kind = tag & 7;
    if (kind === 2) {
      const length = varint();
      yield { number: tag >>> 3, bytes: bytes.subarray(at, at + length) };
      at += length;
    } else if (kind === 0) varint();
    else at += kind === 1 ? 8 : 4;
  }
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const all = (bytes: Uint8Array, number: number): Uint8Array[] =>
  [...fields(bytes)].filter((field) => field.number === number).map((field) => field.bytes);
const first = (bytes: Uint8Array, number: number): string => text(all(bytes, number)[0] ?? new Uint8Array());

// Field numbers of descriptor.proto.
function messageSymbols(message: Uint8Array, prefix: string): string[] {
  const name = `${prefix}.${first(message, 1)}`;
  const enums = all(message, 4).map((nested) => `${name}.${first(nested, 1)}`);
  return [name, ...enums, ...all(message, 3).flatMap((nested) => messageSymbols(nested, name))];
}

function serviceSymbols(service: Uint8Array, prefix: string): string[] {
  const name = `${prefix}.${first(service, 1)}`;
  return [name, ...all(service, 2).map((method) => `${name}.${first(method, 1)}`)];
}

/** The files of a FileDescriptorSet. */
export function descriptorFiles(set: Uint8Array): DescriptorFile[] {
  return all(set, 1).map((bytes) => {
    const packageName = first(bytes, 2);
    return {
      name: first(bytes, 1),
      packageName,
      dependencies: all(bytes, 3).map(text),
      symbols: [
        ...all(bytes, 4).flatMap((message) => messageSymbols(message, packageName)),
        ...all(bytes, 5).map((declared) => `${packageName}.${first(declared, 1)}`),
        ...all(bytes, 6).flatMap((service) => serviceSymbols(service, packageName)),
      ],
      bytes,
    };
  });
}

/** Answers one reflection request (its bytes) with the bytes of the response. */
export function createReflection(files: readonly DescriptorFile[], listed: () => readonly string[]) {
  const byName = new Map(files.map((file) => [file.name, file]));
  const bySymbol = new Map(files.flatMap((file) => file.symbols.map((symbol) => [symbol, file] as const)));
  const withDependencies = (file: DescriptorFile, seen = new Set<DescriptorFile>()): Set<DescriptorFile> => {
    if (seen.has(file)) return seen;
    seen.add(file);
    for (const name of file.dependencies) {
      const dependency = byName.get(name);
      if (dependency !== undefined) withDependencies(dependency, seen);
    }
    return seen;
  };
  const fileAnswer = (file: DescriptorFile | undefined, what: string): Response =>
    file === undefined
      ? { errorResponse: { errorCode: NOT_FOUND, errorMessage: `${what} is not known here` } }
      : {
          fileDescriptorResponse: {
            fileDescriptorProto: [...withDependencies(file)].map((each) => each.bytes),
          },
        };
  return (bytes: Uint8Array): Uint8Array => {
    const request = ServerReflectionRequest.decode(bytes);
    let answer: Response;
    switch (request.messageRequest) {
      case 'listServices':
        answer = { listServicesResponse: { service: listed().map((name) => ({ name })) } };
        break;
      case 'fileByFilename':
        answer = fileAnswer(byName.get(request.fileByFilename ?? ''), `file[${request.fileByFilename}]`);
        break;
      case 'fileContainingSymbol':
        answer = fileAnswer(
          bySymbol.get(request.fileContainingSymbol ?? ''),
          `symbol[${request.fileContainingSymbol}]`,
        );
        break;
      default:
        answer = {
          errorResponse: { errorCode: UNIMPLEMENTED, errorMessage: 'there are no extensions here' },
        };
    }
    return ServerReflectionResponse.encode({
      ...answer,
      validHost: request.host,
      originalRequest: request,
    }).finish();
  };
}

/** Serves reflection for whatever `server` serves. */
export function serveReflection(server: GrpcServer): void {
  const listed = (): string[] => [...server.services(), reflectionServices[0]].toSorted();
  const answer = createReflection(descriptorFiles(Buffer.from(descriptorSet, 'base64')), listed);
  for (const service of reflectionServices)
    server.serveExchange({ service, name: 'ServerReflectionInfo' }, answer);
}
