/**
 * The HTTP server over real sockets: who is let in, limits, time-outs, streams, disconnects.
 */
import http from 'node:http';
import net from 'node:net';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import { systemRandom } from '../../runtime/clock.js';
import { pause } from '../../runtime/deadline.js';
import { startHttp, type HttpStartOptions } from '../../runtime/http.js';
import type { HttpHandler, HttpRequest, HttpServer } from '../../runtime/types.js';
import { patienceMs, until } from '../launch.js';
import { clock, log } from '../servers/nats.js';

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

describe('http', function () {
  this.timeout(600_000);
  let server: HttpServer;
  let handler: HttpHandler;
  let last: HttpRequest | undefined;
  const start = (more: Partial<HttpStartOptions> = {}): Promise<HttpServer> =>
    startHttp({
      host: '127.0.0.1',
      port: 0,
      hostsAllowed: ['grove.example'],
      bodyBytesMax: 100_000,
      handler: (request) => {
        last = request;
        return handler(request);
      },
      clock,
      log,
      random: systemRandom(),
      ...more,
    });
  const port = (): number => Number(server.address.split(':')[1]);

  function ask(
    method: string,
    path: string,
    options: { headers?: Record<string, string>; body?: string | Buffer } = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = http.request(
        { host: '127.0.0.1', port: port(), method, path, headers: options.headers ?? {} },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(parts),
            }),
          );
          response.on('error', reject);
        },
      );
      request.on('error', reject);
      request.end(options.body);
    });
  }

  beforeEach(async () => {
    handler = async () => ({ status: 200, contentType: 'application/json', body: '{"ok":true}' });
    server = await start();
  });
  afterEach(async () => {
    await server.close();
  });

  it('hands over raw requests and answers them', async () => {
    const answer = await ask('POST', '/druid/v2/x%20y?pretty&a=1&a=%C3%BC', {
      headers: { 'content-type': 'application/json', 'x-druid': 'A' },
      body: '{"query',
    });
    expect(answer.status).to.equal(200);
    expect(answer.body.toString()).to.equal('{"ok":true}');
    expect(answer.headers['x-content-type-options']).to.equal('nosniff');
    expect(last).to.include({ method: 'POST', path: '/druid/v2/x y', remoteAddress: '127.0.0.1' });
    expect(last?.query).to.deep.equal([
      ['pretty', ''],
      ['a', '1'],
      ['a', 'ü'],
    ]);
    expect(last?.headers['x-druid']).to.equal('A');
    expect(Buffer.from(last?.body ?? []).toString()).to.equal('{"query');
    expect(last?.trace).to.match(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    for (const method of ['GET', 'PUT', 'DELETE', 'HEAD'])
      expect((await ask(method, '/')).status).to.equal(200);
    for (const method of ['OPTIONS', 'TRACE']) {
      expect((await ask(method, '/', { headers: { origin: 'http://evil.example' } })).status).to.equal(405);
    }
    await ask('POST', '/no-content-type', { body: 'abc' });
    expect(Buffer.from(last?.body ?? []).toString()).to.equal('abc');
    expect((await ask('GET', '/%zz')).status).to.equal(400);
    const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await ask('GET', '/', { headers: { traceparent: trace } });
    expect(last?.trace).to.equal(trace);
  });

  it('refuses foreign hosts, origins and sites with an envelope', async () => {
    const own = `127.0.0.1:${port()}`;
    const refused: Record<string, string>[] = [
      { host: 'evil.example' },
      { host: `localhost.evil.example:${port()}` },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'http://localhost:1' },
      { 'sec-fetch-site': 'cross-site' },
    ];
    for (const headers of refused) {
      last = undefined;
      const answer = await ask('POST', '/', { headers, body: '{}' });
      expect(answer.status, JSON.stringify(headers)).to.equal(403);
      const envelope = JSON.parse(answer.body.toString()) as Record<string, unknown>;
      expect(envelope).to.include({ error: 'druidException', persona: 'USER', category: 'FORBIDDEN' });
      expect(last).to.equal(undefined);
    }
    const admitted: Record<string, string>[] = [
      { host: 'localhost' },
      { host: `LOCALHOST:${port()}` },
      { host: '[::1]:8888' },
      { host: 'grove.example:80' },
      { origin: `http://${own}` },
      { 'sec-fetch-site': 'same-origin' },
    ];
    for (const headers of admitted)
      expect((await ask('POST', '/', { headers })).status, JSON.stringify(headers)).to.equal(200);
  });

  it('limits bodies, packed ones too', async () => {
    expect((await ask('POST', '/', { body: Buffer.alloc(100_000) })).status).to.equal(200);
    const large = await ask('POST', '/', { body: Buffer.alloc(100_001) });
    expect(large.status).to.equal(413);
    expect(JSON.parse(large.body.toString())).to.include({ category: 'CAPACITY_EXCEEDED' });
    const headers = { 'content-encoding': 'gzip' };
    expect((await ask('POST', '/', { headers, body: gzipSync('packed') })).status).to.equal(200);
    expect(Buffer.from(last?.body ?? []).toString()).to.equal('packed');
    expect((await ask('POST', '/', { headers, body: gzipSync(Buffer.alloc(5_000_000)) })).status).to.equal(
      413,
    );
    expect((await ask('POST', '/', { headers, body: 'not gzip' })).status).to.equal(400);
    expect((await ask('POST', '/', { headers: { 'content-encoding': 'br' }, body: 'x' })).status).to.equal(
      400,
    );
  });

  it('packs large texts when the client takes gzip', async () => {
    const text = JSON.stringify(Array.from({ length: 1_000 }, (_, i) => ({ i })));
    handler = async (request) => ({
      status: 200,
      contentType: request.path === '/image' ? 'image/png' : 'application/json',
      body: request.path === '/small' ? '[]' : text,
    });
    const headers = { 'accept-encoding': 'gzip, deflate' };
    const packed = await ask('GET', '/large', { headers });
    expect(packed.headers['content-encoding']).to.equal('gzip');
    expect(gunzipSync(packed.body).toString()).to.equal(text);
    expect((await ask('GET', '/large')).body.toString()).to.equal(text);
    for (const path of ['/small', '/image']) {
      expect((await ask('GET', path, { headers })).headers['content-encoding']).to.equal(undefined);
    }
    expect(
      (await ask('GET', '/large', { headers: { 'accept-encoding': 'gzip;q=0' } })).headers[
        'content-encoding'
      ],
    ).to.equal(undefined);
  });

  it('turns thrown errors into envelopes', async () => {
    handler = async () => {
      throw new CodedError('NotFound', 'task[x] is not known');
    };
    const answer = await ask('GET', '/');
    expect([answer.status, JSON.parse(answer.body.toString()).errorMessage]).to.deep.equal([
      404,
      'task[x] is not known',
    ]);
  });

  it('streams with back-pressure, fails before the first piece with an error, cuts after it', async () => {
    let produced = 0;
    async function* pieces(count: number, failAt = -1): AsyncGenerator<Uint8Array> {
      for (produced = 0; produced < count; produced++) {
        if (produced === failAt) throw new CodedError('SegmentsUnavailable', 'segments are missing');
        yield Buffer.alloc(100_000, 'a');
      }
    }
    handler = async (request) => ({
      status: 200,
      contentType: 'application/json',
      body: pieces(Number(request.query[0]?.[1]), Number(request.query[1]?.[1] ?? -1)),
    });
    expect((await ask('GET', '/?n=50')).body.length).to.equal(5_000_000);
    const packed = await ask('GET', '/?n=50', { headers: { 'accept-encoding': 'gzip' } });
    expect(gunzipSync(packed.body).length).to.equal(5_000_000);
    expect((await ask('GET', '/?n=0')).body.length).to.equal(0);
    const early = await ask('GET', '/?n=5&f=0');
    expect([early.status, JSON.parse(early.body.toString()).errorMessage]).to.deep.equal([
      503,
      'segments are missing',
    ]);
    let cut: unknown;
    await ask('GET', '/?n=5&f=2').catch((thrown: unknown) => (cut = thrown));
    expect(String(cut)).to.match(/aborted|ECONNRESET|hang up/);

    const socket = net.connect(port(), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET /?n=10000 HTTP/1.1\r\nHost: localhost\r\n\r\n');
    socket.pause();
    await until('the first piece', patienceMs, async () => (produced > 0 ? true : undefined));
    await pause(clock, 500);
    expect(produced).to.be.within(1, 300);
    socket.destroy();
    await until('the handler is told', patienceMs, async () =>
      last?.signal.aborted === true ? true : undefined,
    );
    const stoppedAt = produced;
    await pause(clock, 100);
    expect(produced).to.equal(stoppedAt);
  });

  it('tells a waiting handler that the client has gone', async () => {
    let isAborted = false;
    last = undefined;
    handler = (request) =>
      new Promise((_, reject) => {
        request.signal.addEventListener('abort', () => {
          isAborted = true;
          reject(request.signal.reason as Error);
        });
      });
    const socket = net.connect(port(), '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await until('the handler waits', patienceMs, async () => last);
    socket.destroy();
    await until('the handler is told', patienceMs, async () => (isAborted ? true : undefined));
  });

  it('answers what is no request in words too', async () => {
    const send = async (text: string): Promise<string> => {
      const socket = net.connect(port(), '127.0.0.1');
      let answer = '';
      socket.on('data', (part) => (answer += part.toString()));
      const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
      socket.write(text);
      await closed;
      return answer;
    };
    const cases: readonly (readonly [string, string, string])[] = [
      ['\0\u0001\r\n\r\n', '400 Bad Request', 'it is not valid HTTP'],
      [`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, '431 ', 'header is too long'],
      [
        'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        '400 ',
        'it is not valid HTTP',
      ],
      [
        'GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
        '400 ',
        'Host is given more than once',
      ],
    ];
    last = undefined;
    for (const [text, status, reason] of cases) {
      const answer = await send(text);
      expect(answer).to.match(new RegExp(`^HTTP/1.1 ${status}`));
      const body = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as Record<string, unknown>;
      expect(body['error']).to.equal('druidException');
      expect(body['errorMessage']).to.include(reason);
    }
    expect(last).to.equal(undefined);
  });

  it('drops clients that dribble, and names a taken port', async () => {
    await server.close();
    server = await start({ headersMs: 500, requestMs: 1_000 });
    const dribble = async (text: string): Promise<number> => {
      const socket = net.connect(port(), '127.0.0.1');
      const begun = clock.monotonic();
      socket.on('error', () => undefined);
      socket.write(text);
      const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
      socket.resume();
      await closed;
      return clock.monotonic() - begun;
    };
    expect(await dribble('GET / HTTP/1.1\r\nHost: localhost\r\nX-A')).to.be.at.least(400);
    expect(
      await dribble('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nab'),
    ).to.be.at.least(400);
    const error = await start({ port: port() }).then(
      () => undefined,
      (thrown: unknown) => thrown as CodedError,
    );
    expect(error?.code).to.equal('Conflict');
    expect(error?.message).to.include(String(port())).and.to.include('--http-port');
  });

  it('keeps a connection from request to request', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    const once = (): Promise<void> =>
      new Promise((resolve, reject) => {
        const request = http.request(
          { host: '127.0.0.1', port: port(), method: 'POST', path: '/druid/v2', agent },
          (response) => {
            ports.add(response.socket.localPort);
            response.resume().on('end', () => resolve());
          },
        );
        request.on('error', reject).end('{}');
      });
    for (let i = 0; i < 50; i++) await once();
    expect(ports.size).to.equal(1);
    agent.destroy();
  });
});
