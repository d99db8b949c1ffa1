/**
 * One kept HTTP connection, and as little as possible on this side of it: what is timed is the server. Answers are not
 * packed, since nobody asks for it.
 */
import http from 'node:http';

export interface KeptAnswer {
  readonly status: number;
  readonly text: string;
  /** Milliseconds from sending until the last byte was here. */
  readonly ms: number;
}

export class KeptClient {
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  get(path: string): Promise<KeptAnswer> {
    return this.#ask('GET', path, '');
  }

  post(path: string, json: string): Promise<KeptAnswer> {
    return this.#ask('POST', path, json);
  }

  close(): void {
    this.#agent.destroy();
  }

  #ask(method: string, path: string, body: string): Promise<KeptAnswer> {
    const headers =
      body === ''
        ? {}
        : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
    return new Promise((resolve, reject) => {
      const from = performance.now();
      const request = http.request(
        new URL(path, this.#url),
        { method, agent: this.#agent, headers },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('error', reject);
          response.on('end', () => {
            const ms = performance.now() - from;
            resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8'), ms });
          });
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  }
}
