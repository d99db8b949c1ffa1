/**
 * A TCP proxy that misbehaves on request: put it before NATS or before a process's internal gRPC. Faults hold for the
 * connections there are and for new ones, until they are taken back.
 */
import net from 'node:net';
import { splitNatsFrames } from './nats-frames.js';

export interface ProxyFaults {
  /** Added to every chunk in both directions. */
  readonly delayMs: number;
  /** Per direction and connection; Infinity = as fast as it comes. */
  readonly bytesPerSecond: number;
  /** Which direction `bytesPerSecond` holds for. */
  readonly slowDirection: 'both' | 'fromServer';
  /** Connections stay open, nothing passes: as when a cable is pulled. */
  readonly halfOpen: boolean;
  /** Connections are closed and new ones refused. */
  readonly cut: boolean;
  /** Every published NATS message goes to the server twice. Only before NATS. */
  readonly duplicate: boolean;
}
export const noFaults: ProxyFaults = {
  delayMs: 0,
  bytesPerSecond: Infinity,
  slowDirection: 'both',
  halfOpen: false,
  cut: false,
  duplicate: false,
};

export interface Proxy {
  readonly address: string;
  readonly port: number;
  readonly connections: number;
  /** Messages sent a second time. */
  readonly duplicated: number;
  /** Faults not named go back to none. */
  set(faults: Partial<ProxyFaults>): void;
  close(): Promise<void>;
}

/** Bytes held for a slow or stalled peer before its sender is paused. */
const bufferBytesMax = 1 << 20;
const tickMs = 10;

export async function startProxy(target: {
  readonly port: number;
  readonly host?: string;
  readonly listenPort?: number;
}): Promise<Proxy> {
  const pairs = new Set<Pair>();
  let faults = noFaults;
  let duplicated = 0;
  const server = net.createServer((client) => {
    client.on('error', () => client.destroy());
    if (faults.cut) {
      client.destroy();
      return;
    }
    const upstream = net.connect({ port: target.port, host: target.host ?? '127.0.0.1' });
    const pair = new Pair(client, upstream, {
      faults: () => faults,
      duplicated: () => (duplicated += 1),
      ended: () => pairs.delete(pair),
    });
    pairs.add(pair);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(target.listenPort ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as net.AddressInfo;
  const endAll = (): void => {
    for (const pair of pairs) pair.end();
  };
  return {
    address: `127.0.0.1:${port}`,
    port,
    get connections() {
      return pairs.size;
    },
    get duplicated() {
      return duplicated;
    },
    set: (next) => {
      faults = { ...noFaults, ...next };
      if (faults.cut) endAll();
      else for (const pair of pairs) pair.wake();
    },
    close: async () => {
      endAll();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

interface PairDeps {
  readonly faults: () => ProxyFaults;
  readonly duplicated: () => void;
  readonly ended: () => void;
}

class Pair {
  readonly #client: net.Socket;
  readonly #upstream: net.Socket;
  readonly #lanes: readonly [Lane, Lane];
  readonly #deps: PairDeps;

  constructor(client: net.Socket, upstream: net.Socket, deps: PairDeps) {
    this.#client = client;
    this.#upstream = upstream;
    this.#deps = deps;
    this.#lanes = [
      new Lane(client, upstream, 'toServer', deps),
      new Lane(upstream, client, 'fromServer', deps),
    ];
    for (const socket of [client, upstream]) {
      socket.on('error', () => this.end());
      socket.on('close', () => this.end());
    }
  }

  wake(): void {
    for (const lane of this.#lanes) lane.flush();
  }

  end(): void {
    // A pulled cable does not tell the other side that anything has ended.
    if (this.#deps.faults().halfOpen) return;
    for (const lane of this.#lanes) lane.stop();
    this.#client.destroy();
    this.#upstream.destroy();
    this.#deps.ended();
  }
}

interface Chunk {
  readonly bytes: Buffer;
  readonly dueMs: number;
}

/** One direction of one connection. */
class Lane {
  readonly #from: net.Socket;
  readonly #to: net.Socket;
  readonly #direction: 'toServer' | 'fromServer';
  readonly #deps: PairDeps;
  readonly #waiting: Chunk[] = [];
  #waitingBytes = 0;
  #rest: Buffer = Buffer.alloc(0);
  #allowance = 0;
  #lastMs = performance.now();
  #timer: NodeJS.Timeout | undefined;

  constructor(from: net.Socket, to: net.Socket, direction: 'toServer' | 'fromServer', deps: PairDeps) {
    this.#from = from;
    this.#to = to;
    this.#direction = direction;
    this.#deps = deps;
    from.on('data', (bytes) => this.#take(bytes));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #take(bytes: Buffer): void {
    const { delayMs, duplicate } = this.#deps.faults();
    const dueMs = performance.now() + delayMs;
    for (const part of duplicate && this.#direction === 'toServer'
      ? this.#doubled(bytes)
      : this.#whole(bytes)) {
      this.#waiting.push({ bytes: part, dueMs });
      this.#waitingBytes += part.length;
    }
    if (this.#waitingBytes > bufferBytesMax) this.#from.pause();
    this.flush();
  }

  /** What was held back as part of a message when doubling ended. */
  #whole(bytes: Buffer): Buffer[] {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    return rest.length === 0 ? [bytes] : [rest, bytes];
  }

  #doubled(bytes: Buffer): Buffer[] {
    const { frames, rest } = splitNatsFrames(Buffer.concat([this.#rest, bytes]));
    this.#rest = rest;
    return frames.flatMap(({ text, published }) => {
      if (!published) return [text];
      this.#deps.duplicated();
      return [text, text];
    });
  }

  flush(): void {
    clearTimeout(this.#timer);
    const { halfOpen, bytesPerSecond, slowDirection } = this.#deps.faults();
    if (halfOpen || this.#to.destroyed) return;
    const now = performance.now();
    const rate = slowDirection === 'both' || this.#direction === 'fromServer' ? bytesPerSecond : Infinity;
    this.#allowance =
      rate === Infinity
        ? Infinity
        : Math.min(
            rate,
            (this.#allowance === Infinity ? 0 : this.#allowance) + (rate * (now - this.#lastMs)) / 1000,
          );
    this.#lastMs = now;
    for (let head = this.#waiting[0]; head !== undefined && head.dueMs <= now; head = this.#waiting[0]) {
      const size = Math.min(head.bytes.length, Math.floor(this.#allowance));
      if (size === 0) break;
      this.#to.write(head.bytes.subarray(0, size));
      this.#allowance -= size;
      this.#waitingBytes -= size;
      if (size === head.bytes.length) this.#waiting.shift();
      else this.#waiting[0] = { ...head, bytes: head.bytes.subarray(size) };
    }
    if (this.#waitingBytes <= bufferBytesMax && this.#from.isPaused()) this.#from.resume();
    if (this.#waiting.length > 0) this.#timer = setTimeout(() => this.flush(), tickMs);
  }
}
