/**
 * How roles reach each other: in the same process by reference, in another by gRPC, with one interface above both.
 * One internal gRPC server per process on a port of its own, guarded by the installation's token.
 */
import type { Method, StreamMethod, UnaryMethod } from '../proto/services.js';
import { CodedError } from '../proto/errors.js';
import { createGrpcClient, createGrpcServer, type GrpcClient, type GrpcServer } from './grpc.js';
import type { CallOptions, Client, Clock, Handlers, Log, Transport } from './types.js';

/** A channel nobody has used for this long is closed (peons come and go, each with an address of its own). */
const IDLE_MS = 60_000;

export interface TransportOptions {
  /** Where the internal server listens. */
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** Host name others reach this process by; default `host`. */
  readonly advertisedHost?: string;
  readonly token: string;
  /** Makes the transport for calls within this process, which knows itself by the address handed in. */
  readonly inline: (address: string) => Transport;
  readonly clock: Clock;
  readonly log: Log;
}

export async function createTransport(options: TransportOptions): Promise<Transport> {
  const { host, port, token, clock, log } = options;
  const server = await createGrpcServer({ host, port, token, clock, log });
  const bound = server.address.slice(server.address.lastIndexOf(':') + 1);
  const address = `${options.advertisedHost ?? host}:${bound}`;
  return new ProcessTransport(server, options.inline(address), address, options);
}

interface Channel {
  readonly client: GrpcClient;
  usedAt: number;
}

class ProcessTransport implements Transport {
  readonly address: string;
  private readonly server: GrpcServer;
  private readonly inline: Transport;
  private readonly options: TransportOptions;
  private readonly channels = new Map<string, Channel>();
  private closed = false;

  constructor(server: GrpcServer, inline: Transport, address: string, options: TransportOptions) {
    this.server = server;
    this.inline = inline;
    this.address = address;
    this.options = options;
  }

  serve<S extends Readonly<Record<string, Method<unknown, unknown>>>>(
    service: S,
    handlers: Handlers<S>,
    options?: { readonly scope?: string },
  ): { stop(): void } {
    const here = this.inline.serve(service, handlers, options);
    try {
      const there = this.server.serve(service, handlers, options);
      return {
        stop: () => {
          here.stop();
          there.stop();
        },
      };
    } catch (thrown) {
      here.stop();
      throw thrown;
    }
  }

  client(address: string): Client {
    if (address === this.address) return this.inline.client(address);
    return {
      unary: (method, request, options) => this.unary(address, method, request, options),
      stream: (method, request, options) => this.stream(address, method, request, options),
    };
  }

  private async unary<Req, Res>(
    address: string,
    method: UnaryMethod<Req, Res>,
    request: Req,
    options: CallOptions,
  ): Promise<Res> {
    const channel = this.channel(address);
    try {
      return await channel.client.unary(method, request, options);
    } catch (thrown) {
      this.dropFailed(address, channel, thrown);
      throw thrown;
    } finally {
      channel.usedAt = this.options.clock.monotonic();
    }
  }

  private stream<Req, Res>(
    address: string,
    method: StreamMethod<Req, Res>,
    request: Req,
    options: CallOptions,
  ): AsyncIterable<Res> {
    return {
      [Symbol.asyncIterator]: () => {
        const channel = this.channel(address);
        const source = channel.client.stream(method, request, options)[Symbol.asyncIterator]();
        return {
          next: async () => {
            channel.usedAt = this.options.clock.monotonic();
            try {
              return await source.next();
            } catch (thrown) {
              this.dropFailed(address, channel, thrown);
              throw thrown;
            }
          },
          return: async () => source.return?.() ?? { done: true, value: undefined },
        };
      },
    };
  }

  private channel(address: string): Channel {
    if (this.closed) throw new CodedError('Unavailable', 'this process is stopping: it makes no more calls');
    const now = this.options.clock.monotonic();
    for (const [other, { client, usedAt }] of this.channels) {
      if (other !== address && client.inFlight() === 0 && now - usedAt > IDLE_MS) this.drop(other);
    }
    let channel = this.channels.get(address);
    if (channel === undefined) {
      const { token, clock } = this.options;
      channel = { client: createGrpcClient({ address, token, clock }), usedAt: now };
      this.channels.set(address, channel);
    }
    channel.usedAt = now;
    return channel;
  }

  /** The next call to this address starts afresh instead of waiting out the library's back-off. */
  private dropFailed(address: string, channel: Channel, thrown: unknown): void {
    const lost = thrown instanceof CodedError && thrown.code === 'Unavailable';
    if (lost && channel.client.inFlight() === 0 && this.channels.get(address) === channel) this.drop(address);
  }

  private drop(address: string): void {
    this.channels.get(address)?.client.close();
    this.channels.delete(address);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    for (const address of this.channels.keys()) this.drop(address);
    await Promise.all([this.server.close(), this.inline.close()]);
  }
}
