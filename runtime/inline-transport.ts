/**
 * Calls within one process: handlers by address, messages handed over by reference, or encoded and decoded when
 * `strict` (so that what can't cross a process border fails in unit tests). In simulations one hub holds the
 * addresses of all "processes" and a Network stands between them.
 */
import { asCoded, CodedError, fromErrorInfo, toErrorInfo } from '../proto/errors.js';
import type { Codec, Method, StreamMethod, UnaryMethod } from '../proto/services.js';
import { cancelReason, openCall, untilAborted, type CallScope } from './deadline.js';
import { carrySurely, perfectNetwork, type Network, type Place } from './network.js';
import type { CallContext, CallOptions, Client, Clock, Handlers, Transport } from './types.js';

type AnyHandler = (request: unknown, context: CallContext) => unknown;

export interface InlineHubOptions {
  readonly clock: Clock;
  readonly strict: boolean;
  readonly network?: Network;
}

interface Server {
  readonly place: Place;
  /** "<service>/<method> <scope>" → handler. */
  readonly handlers: Map<string, AnyHandler>;
  readonly running: Set<CallScope>;
}

export class InlineHub {
  readonly strict: boolean;
  readonly network: Network;
  private readonly clock: Clock;
  private readonly servers = new Map<string, Server>();

  constructor(options: InlineHubOptions) {
    this.clock = options.clock;
    this.strict = options.strict;
    this.network = options.network ?? perfectNetwork;
  }

  /** The transport of the process at this address; `place` = the process in a simulation. */
  transport(address: string, place: Place = { name: address, clock: this.clock }): Transport {
    if (this.servers.has(address)) {
      throw new CodedError('Conflict', `address[${address}] is already taken`);
    }
    this.servers.set(address, { place, handlers: new Map(), running: new Set() });
    return new InlineTransport(this, address, place);
  }

  /** The process at this address is gone: its running calls fail and nothing is served there any more. */
  remove(address: string): void {
    const server = this.servers.get(address);
    this.servers.delete(address);
    const gone = new CodedError('Unavailable', `address[${address}] is gone`);
    for (const call of server?.running ?? []) call.abort(gone);
  }

  server(address: string): Server {
    const server = this.servers.get(address);
    if (server === undefined) {
      throw new CodedError('Unavailable', `address[${address}]: nobody answers there`);
    }
    return server;
  }
}

export function createInlineHub(options: InlineHubOptions): InlineHub {
  return new InlineHub(options);
}

class InlineTransport implements Transport {
  readonly address: string;
  private readonly hub: InlineHub;
  private readonly place: Place;

  constructor(hub: InlineHub, address: string, place: Place) {
    this.hub = hub;
    this.address = address;
    this.place = place;
  }

  serve<S extends Readonly<Record<string, Method<unknown, unknown>>>>(
    service: S,
    handlers: Handlers<S>,
    options: { readonly scope?: string } = {},
  ): { stop(): void } {
    const { handlers: table } = this.hub.server(this.address);
    const mine = new Map<string, AnyHandler>();
    for (const [name, method] of Object.entries(service)) {
      const key = handlerKey(method, options.scope);
      if (table.has(key)) throw new CodedError('Bug', `method[${key}] is already served`);
      mine.set(key, (handlers as Record<string, AnyHandler>)[name] as AnyHandler);
    }
    for (const [key, handler] of mine) table.set(key, handler);
    return {
      stop: () => {
        for (const [key, handler] of mine) if (table.get(key) === handler) table.delete(key);
      },
    };
  }

  client(address: string): Client {
    return new InlineClient(this.hub, address, this.place);
  }

  close(): Promise<void> {
    this.hub.remove(this.address);
    return Promise.resolve();
  }
}

class InlineClient implements Client {
  private readonly hub: InlineHub;
  private readonly address: string;
  private readonly place: Place;

  constructor(hub: InlineHub, address: string, place: Place) {
    this.hub = hub;
    this.address = address;
    this.place = place;
  }

  async unary<Req, Res>(method: UnaryMethod<Req, Res>, request: Req, options: CallOptions): Promise<Res> {
    const call = this.begin(method, options);
    const { signal } = call.scope.context;
    try {
      const { request: sent, handler } = this.prepare(method, request, options, call);
      const work = this.exchange(call, () => handler(sent, call.scope.context) as Promise<Res>);
      return this.copy(method.response, await untilAborted(work, signal, call.what));
    } catch (error) {
      throw this.asSeenByCaller(error);
    } finally {
      call.end();
    }
  }

  stream<Req, Res>(method: StreamMethod<Req, Res>, request: Req, options: CallOptions): AsyncIterable<Res> {
    return { [Symbol.asyncIterator]: () => this.pull(method, request, options) };
  }

  /** Each item is fetched when the consumer asks for it: back-pressure by construction. */
  private async *pull<Req, Res>(
    method: StreamMethod<Req, Res>,
    request: Req,
    options: CallOptions,
  ): AsyncGenerator<Res, void, undefined> {
    const call = this.begin(method, options);
    const { signal } = call.scope.context;
    let source: AsyncIterator<Res> | undefined;
    let whole = false;
    try {
      const { request: sent, handler } = this.prepare(method, request, options, call);
      for (;;) {
        const fetch = (): Promise<IteratorResult<Res>> => {
          const items = (): AsyncIterable<Res> => handler(sent, call.scope.context) as AsyncIterable<Res>;
          source ??= items()[Symbol.asyncIterator]();
          return source.next();
        };
        const item = await untilAborted(this.exchange(call, fetch), signal, call.what);
        if (item.done) {
          whole = true;
          return;
        }
        yield this.copy(method.response, item.value);
      }
    } catch (error) {
      throw this.asSeenByCaller(error);
    } finally {
      // The consumer left early, or the call failed: the handler is told by its signal, and its iterator is closed.
      if (!whole) call.scope.abort(cancelReason(undefined, call.what));
      call.end();
      if (!whole) closeQuietly(source);
    }
  }

  private begin(method: Method<unknown, unknown>, options: CallOptions): RunningCall {
    const what = `${method.service}/${method.name}`;
    const scope = openCall({
      clock: this.place.clock,
      deadline: options.deadline,
      trace: options.trace ?? '',
      signal: options.signal,
      metadata: options.metadata,
      byReference: !this.hub.strict,
      what,
    });
    return { what, scope, to: undefined, end: () => scope.release() };
  }

  private prepare<Req, Res>(
    method: Method<Req, Res>,
    request: Req,
    options: CallOptions,
    call: RunningCall,
  ): { readonly request: Req; readonly handler: AnyHandler } {
    const { signal } = call.scope.context;
    if (signal.aborted) throw cancelReason(signal, call.what);
    const server = this.hub.server(this.address);
    const scope = options.metadata?.['scope'];
    const handler = server.handlers.get(handlerKey(method, scope));
    if (handler === undefined) {
      const under = scope === undefined ? '' : ` under scope[${scope}]`;
      const text = `${call.what} is not served at ${this.address}${under}`;
      throw new CodedError('Unavailable', text);
    }
    call.to = server.place;
    server.running.add(call.scope);
    call.end = () => {
      server.running.delete(call.scope);
      call.scope.release();
    };
    return { request: this.copy(method.request, request), handler };
  }

  /** There and back over the Network, which may be slow, or broken for so long that both ends notice. */
  private exchange<T>(call: RunningCall, work: () => Promise<T>): Promise<T> {
    const { network } = this.hub;
    const { place } = this;
    const to = call.to ?? place;
    const begin = async (): Promise<T> => work();
    if (network === perfectNetwork) return begin();
    return new Promise<T>((resolve, reject) => {
      const broken = (): void => {
        reject(new CodedError('Unavailable', `${call.what}: the connection is broken`));
      };
      // Whatever has become of the other end, the caller notices by its own clock.
      const lost = (): void => void place.clock.setTimer(0, broken, true);
      const back = (arrive: () => void): void => {
        carrySurely(network, to, place, { arrive, broken: lost });
      };
      const arrive = (): void => {
        begin().then(
          (value) => back(() => resolve(value)),
          (error: unknown) => back(() => reject(asCoded(error))),
        );
      };
      carrySurely(network, place, to, { arrive, broken });
    });
  }

  private copy<T>(codec: Codec<T>, message: T): T {
    return this.hub.strict ? codec.decode(codec.encode(message)) : message;
  }

  private asSeenByCaller(thrown: unknown): CodedError {
    const error = asCoded(thrown);
    return this.hub.strict ? fromErrorInfo(toErrorInfo(error)) : error;
  }
}

interface RunningCall {
  readonly what: string;
  readonly scope: CallScope;
  to: Place | undefined;
  end: () => void;
}

function handlerKey(method: Method<unknown, unknown>, scope: string | undefined): string {
  return `${method.service}/${method.name} ${scope ?? ''}`;
}

function closeQuietly(source: AsyncIterator<unknown> | undefined): void {
  Promise.resolve()
    .then(() => source?.return?.())
    .catch(() => undefined);
}
