/** google input against fake-gcs-server: found, listed in pages, read, unpacked, and read by sub-tasks one by one. */
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { googleObjects } from '../../ingest/sources/google-objects.js';
import type { InputEntity } from '../../ingest/sources/input-entity.js';
import { checkSource } from '../../ingest/sources/source-kinds.js';
import { JsonKeys } from '../../ingest/spec/keys.js';
import { CodedError } from '../../proto/errors.js';
import { goBuildMs } from '../servers/go-tools.js';
import { startTestGcs, type TestGcs } from '../servers/fake-gcs.js';
import { clock, log } from '../servers/nats.js';

const bucket = 'grove-input';
/** More than one page of the listing. */
const small = 1_203;
const strange = ['sp ace/ü.json', 'sp ace/100%.json', 'sp ace/a#b?c=d&e.json', 'sp ace/+.json'];

describe('google input and its emulator', function () {
  this.timeout(goBuildMs + 60_000);
  const signal = new AbortController().signal;
  const before_ = process.env['STORAGE_EMULATOR_HOST'];
  let server: TestGcs | undefined;

  before(async function () {
    server = await startTestGcs(this, [bucket]);
    process.env['STORAGE_EMULATOR_HOST'] = server.url;
    for (let i = 0; i < small; i++) await server.put(bucket, `many/${i}.json`, Buffer.from(`{"i":${i}}\n`));
    for (const name of strange) await server.put(bucket, name, Buffer.from(JSON.stringify({ name })));
    await server.put(bucket, 'packed/a.json.gz', gzipSync('{"a":1}\n'));
    await server.put(bucket, 'packed/b.json', gzipSync('{"b":2}\n'), { contentEncoding: 'gzip' });
    await server.put(bucket, 'packed/', Buffer.alloc(0));
    await server.put(bucket, 'large.json', Buffer.alloc(20_000_000, '{"x":"0123456789"}\n'));
  });
  after(async () => {
    if (before_ === undefined) delete process.env['STORAGE_EMULATOR_HOST'];
    else process.env['STORAGE_EMULATOR_HOST'] = before_;
    await server?.stop();
  });

  function open(json: object): Promise<readonly InputEntity[]> {
    const source = checkSource(new JsonKeys({ type: 'google', ...json }, 'spec.ioConfig.inputSource'));
    const deps = { inputDirs: [], httpAllow: [], workDir: '', segments: undefined, clock, log, signal };
    return source.open(deps);
  }
  async function textOf(entity: InputEntity | undefined): Promise<string> {
    const pieces: Uint8Array[] = [];
    for await (const piece of entity?.open(signal) ?? []) pieces.push(piece);
    return Buffer.concat(pieces).toString('utf8');
  }
  const failure = async (work: Promise<unknown>): Promise<CodedError> => {
    const thrown: unknown = await work.then(() => undefined).catch((error: unknown) => error);
    expect(thrown).instanceOf(CodedError);
    return thrown as CodedError;
  };

  it('lists more than a page by its prefix, and filters by glob', async () => {
    const found = await open({ prefixes: [`gs://${bucket}/many/`] });
    expect(found).length(small);
    expect(new Set(found.map(({ name }) => name)).size).equal(small);
    const some = await open({ prefixes: [`gs://${bucket}/`], objectGlob: 'many/12?.json' });
    expect(some.map(({ name }) => name)).deep.equal(Array.from({ length: 10 }, (_, i) => `12${i}.json`));
    expect(await textOf(some[3])).equal('{"i":123}\n');
  });

  it('finds names of any kind, each again by what a sub-task is told', async () => {
    const systemFields = ['__file_uri', '__file_path'];
    for (const entity of await open({ prefixes: [`gs://${bucket}/sp ace/`], systemFields })) {
      const path = entity.systemFields?.['__file_path'] ?? '';
      expect(strange).include(path);
      expect(entity.systemFields?.['__file_uri']).equal(`gs://${bucket}/${path}`);
      const { type: _, ...alone } = entity.alone ?? {};
      const [again] = await open(alone);
      expect(JSON.parse(await textOf(again))).deep.equal({ name: path });
    }
    for (const path of strange) {
      const [byUri] = await open({ uris: [`gs://${bucket}/${path}`] });
      expect(JSON.parse(await textOf(byUri))).deep.equal({ name: path });
    }
  });

  it('unpacks what is packed, by its bytes and not by its name', async () => {
    const [a, b, ...others] = await open({ prefixes: [`gs://${bucket}/packed`] });
    expect(others).deep.equal([]);
    expect([await textOf(a), await textOf(b)]).deep.equal(['{"a":1}\n', '{"b":2}\n']);
  });

  it('reads large objects in pieces', async () => {
    const [large] = await open({ objects: [{ bucket, path: 'large.json' }] });
    expect(large?.sizeBytes).equal(20_000_000);
    let bytes = 0;
    let most = 0;
    for await (const piece of large?.open(signal) ?? []) {
      bytes += piece.length;
      most = Math.max(most, piece.length);
    }
    expect(bytes).equal(20_000_000);
    expect(most).below(4_000_000);
  });

  it('says what is not there', async () => {
    expect(await failure(open({ uris: [`gs://${bucket}/nosuch`] }))).include({ code: 'InvalidInput' });
    expect(await failure(open({ prefixes: ['gs://nosuch/x'] }))).include({ code: 'InvalidInput' });
    const reader = googleObjects();
    const gone = { bucket, path: 'nosuch', sizeBytes: 1 };
    const reading = async (): Promise<void> => {
      for await (const piece of reader.read(gone)) expect(piece.length).equal(0);
    };
    expect(await failure(reading())).include({ code: 'InvalidInput' });
  });
});
