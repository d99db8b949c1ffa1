/** Answers kept in memcached: a store that may be slow, full or gone, which costs a scan but never a query. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Client } from 'memjs';
import type { CacheFigures } from '../query/cache/byte-lru.js';
import type { ByteStore } from '../query/cache/partial-cache.js';
import type { Clock, Log } from '../runtime/types.js';

export interface MemcachedSettings {
  /** host:port, the port 11211 when left out. A key always goes to the same of them. */
  readonly hosts: readonly string[];
  readonly timeoutMs: number;
  /** 0 = until it is pushed out. */
  readonly expirationS: number;
  readonly entryBytesMax: number;
  /** Installations that share the servers must differ here. */
  readonly prefix: string;
}

/** The client's part that is used. */
export interface MemcachedClient {
  get(key: string): Promise<{ readonly value: Uint8Array | null }>;
  set(key: string, value: Buffer, options: { readonly expires: number }): Promise<boolean>;
  close(): void;
}

/** What is on its way to the servers; more is not sent. */
const sendingBytesMax = 16 * 1024 * 1024;
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

/** After a failure a server is left alone that long. */
const failoverS = 5;

export function openMemcached(
  settings: MemcachedSettings,
  deps: { readonly clock: Pick<Clock, 'setTimer'>; readonly log: Log },
): ByteStore & { close(): void } {
  const logger = {
    log: (text: unknown) => deps.log.debug('memcached', { text: String(text).slice(0, 200) }),
  };
  const client = Client.create(settings.hosts.join(','), {
    retries: 0,
    timeout: settings.timeoutMs / 1_000,
    failoverTime: failoverS,
    keepAlive: true,
    logger,
  } as never);
  return new MemcachedStore(client as unknown as MemcachedClient, settings, deps);
}

export class MemcachedStore implements ByteStore {
  readonly #client: MemcachedClient;
  readonly #settings: MemcachedSettings;
  readonly #clock: Pick<Clock, 'setTimer'>;
  readonly #log: Log;
  #hits = 0;
  #misses = 0;
  #refused = 0;
  #sendingBytes = 0;
  #isFailing = false;

  constructor(
    client: MemcachedClient,
    settings: MemcachedSettings,
    deps: { readonly clock: Pick<Clock, 'setTimer'>; readonly log: Log },
  ) {
    this.#client = client;
    this.#settings = settings;
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  /** What is pushed out, and how much is there, only the servers know. */
  get figures(): CacheFigures {
    const { hits, misses, refused } = { hits: this.#hits, misses: this.#misses, refused: this.#refused };
    return { hits, misses, refused, evictions: 0, entries: 0, bytes: 0 };
  }

  async get(keys: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
    const values = await Promise.all(keys.map((key) => this.#getOne(key)));
    const found = new Map<string, Uint8Array>();
    for (const [i, key] of keys.entries()) {
      const value = values[i];
      if (value !== undefined) found.set(key, value);
    }
    this.#hits += found.size;
    this.#misses += keys.length - found.size;
    return found;
  }

  put(key: string, value: Uint8Array): void {
    const { entryBytesMax, expirationS } = this.#settings;
    if (value.byteLength > entryBytesMax || this.#sendingBytes + value.byteLength > sendingBytesMax) {
      this.#refused++;
      return;
    }
    this.#sendingBytes += value.byteLength;
    const name = this.#nameOf(key);
    const sent = this.#within(this.#client.set(name, sealed(name, value), { expires: expirationS }));
    void sent.then((isKept) => {
      this.#sendingBytes -= value.byteLength;
      if (isKept !== true) this.#refused++;
    });
  }

  close(): void {
    this.#client.close();
  }

  async #getOne(key: string): Promise<Uint8Array | undefined> {
    const name = this.#nameOf(key);
    const answer = await this.#within(this.#client.get(name));
    return unsealed(name, answer?.value ?? undefined);
  }

  /** The server's keys are short and have no blanks. */
  #nameOf(key: string): string {
    return `${this.#settings.prefix}:${createHash('sha256').update(key).digest('base64url')}`;
  }

  /** Undefined when it failed or took too long: a connection that breaks may leave its requests without a word. */
  async #within<T>(asked: Promise<T>): Promise<T | undefined> {
    return await new Promise<T | undefined>((resolve) => {
      const failed = (reason: string): void => {
        if (!this.#isFailing) this.#log.warn('memcached does not answer', { reason });
        this.#isFailing = true;
        resolve(undefined);
      };
      const timer = this.#clock.setTimer(this.#settings.timeoutMs * 2, () => failed('no answer in time'));
      asked.then(
        (value) => {
          timer.cancel();
          this.#isFailing = false;
          resolve(value);
        },
        (thrown: unknown) => {
          timer.cancel();
          failed(thrown instanceof Error ? thrown.message : String(thrown));
        },
      );
    });
  }
}
