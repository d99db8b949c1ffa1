/** Answers kept in memcached: a store that may be slow, full or gone, which costs a scan but never a query. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { noFigures, type CacheFigures } from '../query/cache/byte-lru.js';
import type { ByteStore } from '../query/cache/partial-cache.js';
import type { Clock, Log } from '../runtime/types.js';
import { NotTaken, type MemcachedClient } from './memcached-client.js';

export interface MemcachedSettings {
  /** host:port, the port 11211 when left out. A key always goes to the same of them. */
  readonly hosts: readonly string[];
  readonly timeoutMs: number;
  /** 0 = until it is pushed out. */
  readonly expirationS: number;
  /** Larger values are not sent. */
  readonly entryBytesMax: number;
  /** Installations that share the servers must differ here. */
  readonly prefix: string;
}

export interface MemcachedDeps {
  /** A new connection, made with its first request. */
  readonly connect: (host: string) => MemcachedClient;
  readonly clock: Pick<Clock, 'setTimer' | 'monotonic'>;
  readonly log: Log;
}

/** Of all kinds of values on their way to the servers; more is not sent. */
const sendingBytesMax = 16 * 1024 * 1024;
/** After a failure a server is left alone that long: nobody waits for it twice. */
const leftAloneMs = 5_000;
/** An answer may be here already when a busy process finds that its time is over. */
const graceMs = 20;
/** A value's checksum stands before it. */
const sumBytes = 4;

function sumOf(name: string, value: Uint8Array): number {
  return crc32(value, crc32(name));
}

function sealed(name: string, value: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(sumBytes + value.byteLength);
  bytes.writeUInt32BE(sumOf(name, value));
  bytes.set(value, sumBytes);
  return bytes;
}

/** Undefined: not what was put there under that name. */
function unsealed(name: string, stored: Uint8Array | undefined): Uint8Array | undefined {
  if (stored === undefined || stored.byteLength < sumBytes) return undefined;
  const view = new DataView(stored.buffer, stored.byteOffset, sumBytes);
  const value = stored.subarray(sumBytes);
  return view.getUint32(0) === sumOf(name, value) ? value : undefined;
}

/** `away`: it was not asked, as it failed a moment ago. */
type Reply<T> =
  | { readonly is: 'answer'; readonly value: T }
  | { readonly is: 'away' | 'timeout' | 'error' | 'refused' };

/**
 * One server. A connection that failed once is never used again: what is still on its way there would be taken for an
 * answer to something else.
 */
class MemcachedServer {
  readonly host: string;
  readonly #deps: MemcachedDeps;
  readonly #timeoutMs: number;
  #client: MemcachedClient | undefined;
  #backMs = -Infinity;
  #isFailing = false;

  constructor(host: string, timeoutMs: number, deps: MemcachedDeps) {
    this.host = host;
    this.#timeoutMs = timeoutMs;
    this.#deps = deps;
  }

  async ask<T>(request: (client: MemcachedClient) => Promise<T>): Promise<Reply<T>> {
    const { clock, connect } = this.#deps;
    if (clock.monotonic() < this.#backMs) return { is: 'away' };
    const client = (this.#client ??= connect(this.host));
    return await new Promise<Reply<T>>((resolve) => {
      let isOver = false;
      const end = (reply: Reply<T>): void => {
        isOver = true;
        timer.cancel();
        resolve(reply);
      };
      const late = (): void => {
        if (isOver) return;
        end({ is: 'timeout' });
        this.#failed(client, 'no answer in time');
      };
      // The connection may also be lost without a word to whoever asked.
      let timer = clock.setTimer(this.#timeoutMs, () => {
        timer = clock.setTimer(graceMs, late);
      });
      request(client).then(
        (value) => {
          if (!isOver) this.#answered();
          end({ is: 'answer', value });
        },
        (thrown: unknown) => {
          if (thrown instanceof NotTaken) return end({ is: 'refused' });
          end({ is: 'error' });
          this.#failed(client, thrown instanceof Error ? thrown.message : String(thrown));
        },
      );
    });
  }

  close(): void {
    this.#client?.close();
    this.#client = undefined;
    this.#backMs = Infinity;
  }

  #answered(): void {
    if (this.#isFailing) this.#deps.log.info('memcached answers again', { host: this.host });
    this.#isFailing = false;
  }

  #failed(client: MemcachedClient, reason: string): void {
    // What else waits for this connection fails with it, once.
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#backMs = this.#deps.clock.monotonic() + leftAloneMs;
    if (!this.#isFailing) this.#deps.log.warn('memcached does not answer', { host: this.host, reason });
    this.#isFailing = true;
    client.close();
  }
}

export class Memcached {
  readonly settings: MemcachedSettings;
  readonly #servers: readonly MemcachedServer[];
  #sendingBytes = 0;

  constructor(settings: MemcachedSettings, deps: MemcachedDeps) {
    this.settings = settings;
    this.#servers = settings.hosts.map((host) => new MemcachedServer(host, settings.timeoutMs, deps));
  }

  /** Values of one kind, counted on their own: no key of one kind is a key of another. */
  store(kind: string): ByteStore {
    return new MemcachedStore(this, kind);
  }

  close(): void {
    for (const server of this.#servers) server.close();
  }

  async get(name: string): Promise<Reply<Uint8Array | undefined>> {
    return await this.#serverOf(name).ask(async (client) => unsealed(name, await client.get(name)));
  }

  async set(name: string, value: Uint8Array): Promise<Reply<void>> {
    if (this.#sendingBytes + value.byteLength > sendingBytesMax) return { is: 'away' };
    this.#sendingBytes += value.byteLength;
    const { expirationS } = this.settings;
    const reply = await this.#serverOf(name).ask((client) =>
      client.set(name, sealed(name, value), expirationS),
    );
    this.#sendingBytes -= value.byteLength;
    return reply;
  }

  /** Of the servers the one that ranks highest for the name: when one is added or goes, other names stay where they are. */
  #serverOf(name: string): MemcachedServer {
    const ranked = this.#servers.map((server) => ({
      server,
      rank:
        this.#servers.length === 1 ? '' : createHash('sha1').update(`${server.host} ${name}`).digest('hex'),
    }));
    return ranked.reduce((best, one) => (one.rank > best.rank ? one : best)).server;
  }
}

type Counts = { -readonly [K in keyof CacheFigures]: number };

class MemcachedStore implements ByteStore {
  readonly #memcached: Memcached;
  readonly #kind: string;
  /** What is pushed out, and how much is there, only the servers know. */
  readonly #counts: Counts = { ...noFigures };

  constructor(memcached: Memcached, kind: string) {
    this.#memcached = memcached;
    this.#kind = kind;
  }

  get figures(): CacheFigures {
    return { ...this.#counts };
  }

  async get(keys: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
    const found = new Map<string, Uint8Array>();
    await Promise.all(
      keys.map(async (key) => {
        const reply = await this.#memcached.get(this.#nameOf(key));
        if (reply.is === 'answer' && reply.value !== undefined) found.set(key, reply.value);
        this.#countFailure(reply);
      }),
    );
    this.#counts.hits += found.size;
    this.#counts.misses += keys.length - found.size;
    return found;
  }

  put(key: string, value: Uint8Array): void {
    if (value.byteLength > this.#memcached.settings.entryBytesMax) return this.tooLarge();
    void this.#memcached.set(this.#nameOf(key), value).then((reply) => {
      if (reply.is === 'answer') this.#counts.puts++;
      else this.#counts.putErrors++;
      this.#countFailure(reply);
    });
  }

  tooLarge(): void {
    this.#counts.oversized++;
  }

  #countFailure({ is }: Reply<unknown>): void {
    if (is === 'timeout') this.#counts.timeouts++;
    else if (is === 'error' || is === 'refused') this.#counts.errors++;
  }

  /** The server's keys are short and have no blanks. */
  #nameOf(key: string): string {
    const { prefix } = this.#memcached.settings;
    return `${prefix}:${createHash('sha256').update(`${this.#kind} ${key}`).digest('base64url')}`;
  }
}
