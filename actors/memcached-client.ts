/** One connection to a memcached server. */
import { Client, type Server } from 'memjs';
import type { Log } from '../runtime/types.js';

export interface MemcachedClient {
  /** Undefined: it has no such key. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** `expires`: seconds, 0 = never. Rejects with {@link NotTaken} when the server does not want the value. */
  set(key: string, value: Buffer, expires: number): Promise<void>;
  /** At once; what was asked and not answered rejects. */
  close(): void;
}

/** The server answered, and said no. */
export class NotTaken extends Error {
  override readonly name = 'NotTaken';
}

/** What the server answered, in contrast to what happened to the connection. */
const saidPrefix = 'MemJS ';

/** A request that the connection's own time is over for ends the connection; callers have shorter times. */
export function openMemcachedClient(host: string, timeoutMs: number, log: Log): MemcachedClient {
  const logger = {
    log: (text: unknown) => log.debug('memcached', { text: String(text).slice(0, 200) }),
  };
  const client = Client.create(host, {
    retries: 0,
    timeout: (timeoutMs * 4) / 1_000,
    keepAlive: true,
    logger,
  } as never);
  const servers = client.servers as (Server & { error(reason: Error): void })[];
  return {
    get: async (key) => (await asked(client.get(key))).value ?? undefined,
    set: async (key, value, expires) => void (await asked(client.set(key, value, { expires }))),
    close: () => {
      // Its own way to close waits for the other side, which may be what is hung.
      for (const server of servers) server.error(new Error('given up'));
    },
  };
}

async function asked<T>(request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw reason.startsWith(saidPrefix) ? new NotTaken(reason, { cause: thrown }) : thrown;
  }
}
