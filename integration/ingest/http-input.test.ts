/** The http input source against a real server on loopback: allow list, redirects, credentials, cut answers. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { gzipSync } from 'node:zlib';
import { checkSource } from '../../ingest/sources/source-kinds.js';
import { JsonKeys } from '../../ingest/spec/keys.js';
import { CodedError } from '../../proto/errors.js';

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

describe('http input', () => {
  let server: http.Server;
  let port = 0;
  let seen: http.IncomingHttpHeaders[] = [];

  before(async () => {
    server = http.createServer((request, answer) => {
      seen.push(request.headers);
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x');
      if (pathname === '/to') answer.writeHead(302, { location: searchParams.get('url') ?? '' }).end();
      else if (pathname === '/cut') {
        answer.writeHead(200, { 'content-length': '100' });
        answer.write('half', () => answer.destroy());
      } else if (pathname === '/gz') answer.end(gzipSync('packed\n'));
      else if (pathname === '/plain') answer.end('plain\n');
      else answer.writeHead(pathname === '/busy' ? 503 : 404).end();
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    ({ port } = server.address() as AddressInfo);
  });
  after(() => server.close());
  beforeEach(() => {
    seen = [];
  });

  async function read(path: string, httpAllow: readonly string[], more: object = {}): Promise<string> {
    const uris = [`http://127.0.0.1:${port}${path}`];
    const source = checkSource(new JsonKeys({ type: 'http', uris, ...more }, 'inputSource'));
    const { signal } = new AbortController();
    const clock = { now: () => 0, monotonic: () => 0 };
    const deps = { inputDirs: [], httpAllow, segments: undefined, clock, log: silent, signal };
    let text = '';
    try {
      for (const entity of await source.open(deps as never)) {
        for await (const piece of entity.open(signal)) text += Buffer.from(piece).toString('utf8');
      }
    } catch (thrown) {
      return thrown instanceof CodedError ? thrown.code : String(thrown);
    }
    return text;
  }

  const here = ['127.0.0.1'];

  it('reads what is allowed, packed or not', async () => {
    expect(await read('/plain', here)).equal('plain\n');
    expect(await read('/gz', here)).equal('packed\n');
    expect(await read('/plain', [`127.0.0.1:${port}`])).equal('plain\n');
  });

  it('sends nothing to what is not', async () => {
    expect(await read('/plain', [])).equal('InvalidInput');
    expect(await read('/plain', ['127.0.0.1:1'])).equal('InvalidInput');
    expect(seen).deep.equal([]);
  });

  it('judges redirects like the first address and leaves credentials behind', async () => {
    const to = (url: string): string => `/to?url=${encodeURIComponent(url)}`;
    const login = { httpAuthenticationUsername: 'u', httpAuthenticationPassword: 'p' };
    expect(await read(to('/plain'), here, login)).equal('plain\n');
    expect(seen.map((headers) => headers.authorization)).deep.equal(['Basic dTpw', 'Basic dTpw']);
    seen = [];
    expect(await read(to(`http://localhost:${port}/plain`), ['127.0.0.1', 'localhost'], login)).equal(
      'plain\n',
    );
    expect(seen.map((headers) => headers.authorization)).deep.equal(['Basic dTpw', undefined]);
    for (const bad of [
      'http://169.254.169.254/latest',
      'file:///etc/passwd',
      'http://[::1]/',
      'http://u:p@127.0.0.1/',
    ]) {
      expect(await read(to(bad), here), bad).equal('InvalidInput');
    }
    expect(await read(to(to('/to')), here)).equal('InvalidInput');
  });

  it('tells cut answers, busy servers and missing files apart', async () => {
    expect(await read('/cut', here)).equal('Unavailable');
    expect(await read('/busy', here)).equal('Unavailable');
    expect(await read('/nothing', here)).equal('InvalidInput');
  });
});
