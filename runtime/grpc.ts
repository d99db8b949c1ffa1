/**
 * gRPC server and client over the method objects of proto/services.ts; the only file that imports the library.
 * Limits, keepalive, tokens, deadlines, cancellation and errors are settled here once.
 */
import { timingSafeEqual } from 'node:crypto';
import {
  Client as GrpcChannel,
  Metadata,
  Server,
  ServerCredentials,
  credentials,
  logVerbosity,
  setLogVerbosity,
  type ChannelOptions,
  type ClientReadableStream,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  type ServiceError,
  type UntypedServiceImplementation,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { CodedError } from '../proto/errors.js';
import type { Method, StreamMethod, UnaryMethod } from '../proto/services.js';
import { cancelReason, deadlineAfter, openCall, untilAborted, type CallScope } from './deadline.js';
import {
  errorKey,
  fromWireError,
  methodPath,
  scopeKey,
  toWireError,
  tokenKey,
  traceKey,
} from './grpc-mapping.js';
import { pump } from './stream-pump.js';
import type { CallOptions, Client, Clock, Handlers, Log } from './types.js';

const MESSAGE_BYTES_MAX = 64 << 20;
const FLOW_WINDOW_BYTES = 1 << 20;
const KEEPALIVE_MS = 3_000;
const SHUTDOWN_MS = 1_000;
/** For callers that send no deadline (people with grpcurl). */
const CALL_MS_DEFAULT = 3_600_000;
/** On the wire a longer one is rounded up to what the library's timers take for "at once". */
const CALL_MS_MAX = 14 * 86_400_000;

const shared: ChannelOptions = {
  'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
  'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
  // A half-open connection (paused or cut peer) is noticed within two of these.
  'grpc.keepalive_time_ms': KEEPALIVE_MS,
  'grpc.keepalive_timeout_ms': KEEPALIVE_MS,
  'grpc-node.flow_control_window': FLOW_WINDOW_BYTES,
};
const clientOptions: ChannelOptions = {
  ...shared,
  'grpc.keepalive_permit_without_calls': 0,
  // A call is sent once; whether to send it again is the caller's decision.
  'grpc.enable_retries': 0,
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
  // A new channel starts without the back-off of an older one to the same address.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
};

// The library writes to stderr by itself; every failure reaches us as an error anyway.
setLogVerbosity(logVerbosity.NONE);

type AnyMethod = Method<unknown, unknown>;
type AnyHandler = (request: unknown, context: CallScope['context']) => unknown;

export interface GrpcServerOptions {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** Callers must send it; undefined = open to everyone (loopback doors only). */
  readonly token: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** A trace for callers that bring none; only doors make traces. */
  readonly makeTrace?: () => string;
}
export interface GrpcServer {
  /** host:port it listens on. */
  readonly address: string;
  serve<S extends Readonly<Record<string, Method<unknown, unknown>>>>(
    service: S,
    handlers: Handlers<S>,
    options?: { readonly scope?: string },
  ): { stop(): void };
  /** A stream of requests, each answered by one response; bytes in, bytes out. For reflection. */
  serveExchange(
    method: { readonly service: string; readonly name: string },
    answer: (request: Uint8Array) => Uint8Array,
  ): void;
  /** Full names of the services that have handlers now. */
  services(): readonly string[];
  /** Running calls get a second, then their signals are aborted. */
  close(): Promise<void>;
}

/** @throws CodedError Conflict when the port is taken. */
export async function createGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const server = new Server(shared);
  const port = await bind(server, options);
  return new RunningServer(server, options, joinAddress(options.host, port));
}

function joinAddress(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function bind(server: Server, options: GrpcServerOptions): Promise<number> {
  const { host, port } = options;
  return new Promise((resolve, reject) => {
    server.bindAsync(joinAddress(host, port), ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) return resolve(bound);
      const taken = error.message.includes('EADDRINUSE');
      const text = taken
        ? `port[${port}] on ${host} is taken by another program: stop it, or choose another port with --grpc-port`
        : `port[${port}] on ${host} can't be opened: ${error.message}`;
      reject(new CodedError(taken ? 'Conflict' : 'Unavailable', text, { port }));
    });
  });
}

class RunningServer implements GrpcServer {
  readonly address: string;
  private readonly server: Server;
  private readonly options: GrpcServerOptions;
  private readonly token: Buffer | undefined;
  /** Path → scope → handler. */
  private readonly handlers = new Map<string, Map<string, AnyHandler>>();
  private readonly known = new Set<string>();
  private readonly running = new Set<CallScope>();

  constructor(server: Server, options: GrpcServerOptions, address: string) {
    this.server = server;
    this.options = options;
    this.address = address;
    this.token = options.token === undefined ? undefined : Buffer.from(options.token);
  }

  serve<S extends Readonly<Record<string, Method<unknown, unknown>>>>(
    service: S,
    handlers: Handlers<S>,
    options: { readonly scope?: string } = {},
  ): { stop(): void } {
    const scope = options.scope ?? '';
    const mine: [string, AnyHandler][] = [];
    for (const [name, method] of Object.entries(service)) {
      const handler = (handlers as unknown as Record<string, AnyHandler>)[name];
      if (handler === undefined)
        throw new CodedError('Bug', `service[${method.service}] has no handler for ${name}`);
      mine.push([methodPath(method), handler]);
    }
    for (const [path] of mine) {
      if (this.handlers.get(path)?.has(scope) === true) {
        throw new CodedError('Bug', `method[${path}] is already served under scope[${scope}]`);
      }
    }
    for (const [path, handler] of mine) {
      this.handlers.set(path, (this.handlers.get(path) ?? new Map<string, AnyHandler>()).set(scope, handler));
    }
    this.register(Object.values(service) as unknown as AnyMethod[]);
    return {
      stop: () => {
        for (const [path, handler] of mine) {
          const scopes = this.handlers.get(path);
          if (scopes?.get(scope) === handler) scopes.delete(scope);
        }
      },
    };
  }

  /** The library learns each method once; which handler answers is looked up per call. */
  private register(methods: readonly AnyMethod[]): void {
    const fresh = methods.filter((method) => !this.known.has(methodPath(method)));
    if (fresh.length === 0) return;
    const definition: Record<string, ServiceDefinition[string]> = {};
    const implementation: UntypedServiceImplementation = {};
    for (const method of fresh) {
      const path = methodPath(method);
      this.known.add(path);
      // Messages are coded in the handlers below: a bad request is then an answer of ours, not the library's.
      definition[method.name] = wireMethod(path, false, method.streams);
      implementation[method.name] = method.streams ? this.streaming(method) : this.unary(method);
    }
    this.server.addService(definition, implementation);
  }

  serveExchange(
    method: { readonly service: string; readonly name: string },
    answer: (request: Uint8Array) => Uint8Array,
  ): void {
    const path = methodPath(method);
    const definition = { [method.name]: wireMethod(path, true, true) };
    const exchange = (call: ServerDuplexStream<Buffer, Buffer>): void => {
      call.on('error', () => undefined);
      call.on('end', () => call.end());
      call.on('data', (request: Buffer) => {
        try {
          call.write(asBuffer(answer(request)));
        } catch (thrown) {
          call.emit('error', this.failure(thrown, path));
        }
      });
    };
    this.server.addService(definition, { [method.name]: exchange });
  }

  services(): readonly string[] {
    const live = [...this.handlers].filter(([, scopes]) => scopes.size > 0);
    return [...new Set(live.map(([path]) => path.slice(1, path.lastIndexOf('/'))))];
  }

  private unary(method: AnyMethod) {
    return (call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>): void => {
      const scope = this.open(call, method);
      const what = methodPath(method);
      const answer = async (): Promise<Buffer> => {
        const handler = this.admit(call, method);
        const request = decodeRequest(method, call.request);
        const work = Promise.resolve(handler(request, scope.context));
        return asBuffer(method.response.encode(await untilAborted(work, scope.context.signal, what)));
      };
      answer()
        .finally(() => this.release(scope))
        .then(
          (bytes) => reply(null, bytes),
          (thrown: unknown) => reply(this.failure(thrown, what)),
        );
    };
  }

  private streaming(method: AnyMethod) {
    return (call: ServerWritableStream<Buffer, Buffer>): void => {
      const scope = this.open(call, method);
      const what = methodPath(method);
      // A stream may fail after the client has gone; nobody else listens then.
      call.on('error', () => undefined);
      const answer = async (): Promise<void> => {
        const handler = this.admit(call, method);
        const items = handler(decodeRequest(method, call.request), scope.context) as AsyncIterable<unknown>;
        const encode = (item: unknown): Buffer => asBuffer(method.response.encode(item));
        await pump(items, call, encode, scope.context.signal, what);
      };
      answer()
        .finally(() => this.release(scope))
        .then(
          () => call.end(),
          (thrown: unknown) => call.emit('error', this.failure(thrown, what)),
        );
    };
  }

  private open(
    call: ServerUnaryCall<Buffer, Buffer> | ServerWritableStream<Buffer, Buffer>,
    method: AnyMethod,
  ): CallScope {
    const { clock, makeTrace } = this.options;
    const metadata = metadataRecord(call.metadata);
    const until = Number(call.getDeadline());
    const deadline = deadlineAfter(clock, Number.isFinite(until) ? until - clock.now() : CALL_MS_DEFAULT);
    const what = methodPath(method);
    const trace = metadata[traceKey] ?? makeTrace?.() ?? '';
    const scope = openCall({ clock, deadline, trace, metadata, what });
    this.running.add(scope);
    call.on('cancelled', () => {
      scope.abort(
        deadline.expired()
          ? new CodedError('Timeout', `${what} did not finish before its deadline`)
          : new CodedError('Canceled', `${what} was canceled by its caller`),
      );
    });
    return scope;
  }

  private release(scope: CallScope): void {
    this.running.delete(scope);
    scope.release();
  }

  private admit(
    call: ServerUnaryCall<Buffer, Buffer> | ServerWritableStream<Buffer, Buffer>,
    method: AnyMethod,
  ): AnyHandler {
    const path = methodPath(method);
    if (this.token !== undefined) {
      const given = Buffer.from(String(call.metadata.get(tokenKey)[0] ?? ''));
      if (given.length !== this.token.length || !timingSafeEqual(given, this.token)) {
        throw new CodedError(
          'Unauthorized',
          `${path}: the installation's token is missing or not the right one`,
        );
      }
    }
    const scope = String(call.metadata.get(scopeKey)[0] ?? '');
    const handler = this.handlers.get(path)?.get(scope);
    if (handler === undefined) {
      const under = scope === '' ? '' : ` under scope[${scope}]`;
      throw new CodedError('Unavailable', `${path} is not served at ${this.address}${under}`);
    }
    return handler;
  }

  private failure(thrown: unknown, what: string): Partial<ServiceError> {
    const wire = toWireError(thrown);
    if (wire.status === 13) {
      const stack = thrown instanceof Error ? thrown.stack : undefined;
      this.options.log.error('a call failed', { method: what, reason: wire.details, stack });
    }
    const metadata = new Metadata();
    metadata.set(errorKey, asBuffer(wire.info));
    return { code: wire.status, details: wire.details, metadata };
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.server.tryShutdown(() => resolve());
    });
    const timer = this.options.clock.setTimer(
      SHUTDOWN_MS,
      () => {
        for (const scope of this.running)
          scope.abort(new CodedError('Unavailable', 'the server is stopping'));
        this.server.forceShutdown();
      },
      true,
    );
    await closed;
    timer.cancel();
  }
}

/** A method whose messages the library passes on as bytes. */
function wireMethod(
  path: string,
  requestStream: boolean,
  responseStream: boolean,
): ServiceDefinition[string] {
  const same = (value: Buffer): Buffer => value;
  return {
    path,
    requestStream,
    responseStream,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function decodeRequest(method: AnyMethod, bytes: Buffer): unknown {
  try {
    return method.request.decode(bytes);
  } catch (thrown) {
    throw new CodedError('InvalidInput', `${methodPath(method)}: the request can't be decoded`, {}, thrown);
  }
}

function metadataRecord(metadata: Metadata): Record<string, string> {
  const record: Record<string, string> = {};
  for (const [key, value] of Object.entries(metadata.getMap())) {
    if (typeof value === 'string' && key !== tokenKey) record[key] = value;
  }
  return record;
}

// ---- client

export interface GrpcClientOptions {
  /** host:port */
  readonly address: string;
  readonly token: string | undefined;
  readonly clock: Clock;
}
export interface GrpcClient extends Client {
  /** Calls running now. */
  inFlight(): number;
  /** Running calls fail as Canceled. */
  close(): void;
}

export function createGrpcClient(options: GrpcClientOptions): GrpcClient {
  const channel = new GrpcChannel(options.address, credentials.createInsecure(), clientOptions);
  return new ChannelClient(channel, options);
}

class ChannelClient implements GrpcClient {
  private readonly channel: GrpcChannel;
  private readonly options: GrpcClientOptions;
  private calls = 0;

  constructor(channel: GrpcChannel, options: GrpcClientOptions) {
    this.channel = channel;
    this.options = options;
  }

  inFlight(): number {
    return this.calls;
  }

  close(): void {
    this.channel.close();
  }

  private prepare(options: CallOptions, what: string): { metadata: Metadata; deadline: number } {
    if (options.signal?.aborted === true) throw cancelReason(options.signal, what);
    if (options.deadline.expired()) {
      throw new CodedError('Timeout', `${what}: the deadline had passed before the call was made`);
    }
    const metadata = new Metadata();
    for (const [key, value] of Object.entries(options.metadata ?? {})) metadata.set(key, value);
    if (options.trace !== undefined && options.trace !== '') metadata.set(traceKey, options.trace);
    if (this.options.token !== undefined) metadata.set(tokenKey, this.options.token);
    const ms = Math.min(options.deadline.remainingMs(), CALL_MS_MAX);
    return { metadata, deadline: this.options.clock.now() + ms };
  }

  private failure(error: ServiceError, options: CallOptions, what: string): CodedError {
    if (error.code === 1 && options.signal?.aborted === true) return cancelReason(options.signal, what);
    const info = error.metadata?.get(errorKey)[0];
    const details = `${error.details} (${this.options.address})`;
    return fromWireError(
      { status: error.code, details, info: typeof info === 'string' ? undefined : info },
      what,
    );
  }

  unary<Req, Res>(method: UnaryMethod<Req, Res>, request: Req, options: CallOptions): Promise<Res> {
    const what = methodPath(method);
    return new Promise<Res>((resolve, reject) => {
      const { metadata, deadline } = this.prepare(options, what);
      const abort = (): void => call.cancel();
      this.calls++;
      const call = this.channel.makeUnaryRequest<Req, Res>(
        what,
        (message) => asBuffer(method.request.encode(message)),
        (bytes) => method.response.decode(bytes),
        request,
        metadata,
        { deadline },
        (error, value) => {
          this.calls--;
          options.signal?.removeEventListener('abort', abort);
          if (error !== null) reject(this.failure(error, options, what));
          else if (value === undefined) reject(new CodedError('Bug', `${what} answered nothing`));
          else resolve(value);
        },
      );
      options.signal?.addEventListener('abort', abort, { once: true });
    });
  }

  stream<Req, Res>(method: StreamMethod<Req, Res>, request: Req, options: CallOptions): AsyncIterable<Res> {
    return { [Symbol.asyncIterator]: () => this.open(method, request, options) };
  }

  private open<Req, Res>(
    method: StreamMethod<Req, Res>,
    request: Req,
    options: CallOptions,
  ): AsyncIterator<Res, undefined> {
    const what = methodPath(method);
    let call: ClientReadableStream<Res> | undefined;
    let source: AsyncIterator<Res> | undefined;
    let over = false;
    const abort = (): void => call?.cancel();
    const finish = (): void => {
      if (over) return;
      over = true;
      if (call !== undefined) this.calls--;
      options.signal?.removeEventListener('abort', abort);
    };
    const start = (): AsyncIterator<Res> => {
      const { metadata, deadline } = this.prepare(options, what);
      call = this.channel.makeServerStreamRequest<Req, Res>(
        what,
        (message) => asBuffer(method.request.encode(message)),
        (bytes) => method.response.decode(bytes),
        request,
        metadata,
        { deadline },
      );
      this.calls++;
      // An error after the reader has left must not end the process.
      call.on('error', () => undefined);
      options.signal?.addEventListener('abort', abort, { once: true });
      return call[Symbol.asyncIterator]() as AsyncIterator<Res>;
    };
    return {
      next: async () => {
        if (over) return { done: true, value: undefined };
        try {
          source ??= start();
          const result = await source.next();
          if (result.done !== true) return result;
          finish();
          return { done: true, value: undefined };
        } catch (thrown) {
          const left = over;
          finish();
          if (left) return { done: true, value: undefined };
          if (thrown instanceof CodedError) throw thrown;
          throw this.failure(thrown as ServiceError, options, what);
        }
      },
      // At once, also while a next() is waiting: whoever leaves a stream stops the work behind it.
      return: async () => {
        finish();
        call?.cancel();
        return { done: true, value: undefined };
      },
    };
  }
}
