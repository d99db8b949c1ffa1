/** The client of Google Cloud Storage against a stand-in of its JSON API on this machine: lists in pages, finds, reads. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { googleObjects } from '../../ingest/sources/google-objects.js';
import { CodedError } from '../../proto/errors.js';

const bucket = 'data';
const objects = new Map<string, Buffer>(
  Array.from({ length: 5 }, (_, i) => [`in/${i}.json`, Buffer.from(`{"i":${i}}\n`.repeat(1 + i * 1000))]),
);

/** CRC-32C, big-endian, in base64. */
function checksum(bytes: Buffer): string {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f6_3b78 : 0);
  }
  const out = Buffer.alloc(4);
  out.writeUInt32BE(~crc >>> 0);
  return out.toString('base64');
}

function metadata(name: string, bytes: Buffer): object {
  return { kind: 'storage#object', bucket, name, size: String(bytes.length), crc32c: checksum(bytes) };
}

function answer(url: URL, damages: boolean): { status: number; body: Buffer | object; crc32c?: string } {
  const place = /\/b\/([^/]+)\/o(?:\/(.*))?$/.exec(url.pathname);
  if (place?.[1] !== bucket) return { status: 404, body: { error: { code: 404, message: 'no' } } };
  if (place[2] === undefined) {
    const prefix = url.searchParams.get('prefix') ?? '';
    const names = [...objects.keys()].filter((name) => name.startsWith(prefix));
    const from = Number(url.searchParams.get('pageToken') ?? 0);
    const items = names.slice(from, from + 2).map((name) => metadata(name, objects.get(name)!));
    return {
      status: 200,
      body: { items, ...(from + 2 < names.length && { nextPageToken: String(from + 2) }) },
    };
  }
  const name = decodeURIComponent(place[2]);
  const bytes = objects.get(name);
  if (bytes === undefined) return { status: 404, body: { error: { code: 404, message: 'no' } } };
  if (url.searchParams.get('alt') !== 'media') return { status: 200, body: metadata(name, bytes) };
  const body = damages ? Buffer.from(bytes).fill('x', 0, 3) : bytes;
  return { status: 200, body, crc32c: checksum(bytes) };
}

describe('Google Cloud Storage', () => {
  let server: http.Server;
  let damages = false;
  const before_ = process.env['STORAGE_EMULATOR_HOST'];

  before(async () => {
    server = http.createServer((request, response) => {
      const { status, body, crc32c } = answer(new URL(request.url ?? '', 'http://x'), damages);
      const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
      const type = Buffer.isBuffer(body) ? 'application/octet-stream' : 'application/json';
      response.writeHead(status, {
        'content-type': type,
        'content-length': bytes.length,
        ...(crc32c !== undefined && {
          'x-goog-hash': `crc32c=${crc32c}`,
          'x-goog-stored-content-encoding': 'identity',
        }),
      });
      response.end(bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    process.env['STORAGE_EMULATOR_HOST'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  after(() => {
    if (before_ === undefined) delete process.env['STORAGE_EMULATOR_HOST'];
    else process.env['STORAGE_EMULATOR_HOST'] = before_;
    server.closeAllConnections();
    server.close();
  });

  it('is listed in pages, found and read', async () => {
    const reader = googleObjects();
    const paths: string[] = [];
    for await (const object of reader.list(bucket, 'in/')) paths.push(`${object.path} ${object.sizeBytes}`);
    expect(paths).deep.equal([...objects].map(([name, bytes]) => `${name} ${bytes.length}`));
    const found = await reader.find(bucket, 'in/3.json');
    const pieces: Uint8Array[] = [];
    for await (const piece of reader.read(found)) pieces.push(piece);
    expect(Buffer.concat(pieces).equals(objects.get('in/3.json')!)).equal(true);
  });

  it('says what is not there, and that bytes were damaged on the way', async () => {
    const reader = googleObjects();
    const missing: unknown = await reader.find(bucket, 'nosuch').catch((error: unknown) => error);
    expect(missing).instanceOf(CodedError).include({ code: 'InvalidInput' });
    const nowhere = reader.list('nosuch', '')[Symbol.asyncIterator]();
    const none: unknown = await nowhere.next().catch((error: unknown) => error);
    expect(none).instanceOf(CodedError).include({ code: 'InvalidInput' });
    damages = true;
    const found = await reader.find(bucket, 'in/3.json');
    const read = async (): Promise<void> => {
      for await (const piece of reader.read(found)) expect(piece.length).above(0);
    };
    const thrown: unknown = await read().catch((error: unknown) => error);
    expect(thrown).instanceOf(CodedError).include({ code: 'Unavailable' });
  });
});
