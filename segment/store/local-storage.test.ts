import { mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import type { DataSegment } from '../timeline/data-segment.js';
import { LocalStorage } from './local-storage.js';
import { storagePath } from './paths.js';
import { defaultUnzipLimits, unzip, writeZip } from './zip.js';

const segment: DataSegment = {
  dataSource: 'wiki',
  interval: { startMs: Date.parse('2024-03-01'), endMs: Date.parse('2024-03-02') },
  version: '2024-03-05T10:11:12.345Z',
  loadSpec: null,
  dimensions: [],
  metrics: [],
  shardSpec: { type: 'numbered', partitionNum: 0, partitions: 1 },
  binaryVersion: 9,
  size: 0,
};
const place = 'wiki/2024-03-01T00:00:00.000Z_2024-03-02T00:00:00.000Z/2024-03-05T10:11:12.345Z/0';

async function codeOf(action: Promise<unknown>): Promise<string> {
  const thrown: unknown = await action.then(
    () => undefined,
    (error: unknown) => error,
  );
  return thrown instanceof CodedError ? thrown.code : 'no error';
}

describe('local deep storage', () => {
  let base = '';
  let source = '';
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'store-test-'));
    source = join(base, 'built');
    await mkdir(source);
    await writeFile(join(source, 'version.bin'), Uint8Array.of(0, 0, 0, 9));
    await writeFile(join(source, '00000.smoosh'), 'x'.repeat(5000));
  });
  afterEach(async () => {
    await rm(base, { recursive: true });
  });

  const contentOf = async (dir: string): Promise<string> =>
    `${(await readdir(dir)).toSorted().join()} ${(await readFile(join(dir, '00000.smoosh'))).length}`;

  for (const zip of [false, true]) {
    it(`pushes and pulls in ${zip ? 'zip' : 'folder'} form, and kills`, async () => {
      const root = join(base, 'deep');
      const store = new LocalStorage({ root, zip });
      const pushed = await store.push(source, segment);
      expect(pushed.size).equal(5004);
      expect(pushed.loadSpec).deep.equal({
        type: 'local',
        path: join(root, place, zip ? 'index.zip' : 'index/'),
      });
      const target = join(base, 'cache', 'one');
      expect(await store.pull(pushed.loadSpec!, target, { expectedSize: 5004 })).equal(5004);
      expect(await contentOf(target)).equal('00000.smoosh,version.bin 5000');
      await store.push(source, segment);
      await store.kill(pushed.loadSpec!);
      await store.kill(pushed.loadSpec!);
      expect(await readdir(root)).deep.equal(['intermediate_pushes']);
      expect(await readdir(join(root, 'intermediate_pushes'))).deep.equal([]);
      expect(await codeOf(store.pull(pushed.loadSpec!, join(base, 'two')))).equal('StorageFailure');
      expect(await readdir(base)).deep.equal(['built', 'cache', 'deep']);
    });

    it(`shows nothing when it dies before the rename (${zip ? 'zip' : 'folder'})`, async () => {
      const root = join(base, 'deep');
      const hit = (name: string): void => {
        if (name.endsWith('staged')) throw new CodedError('Bug', 'crash');
      };
      expect(await codeOf(new LocalStorage({ root, zip, hit }).push(source, segment))).equal('Bug');
      const entries = await readdir(root);
      expect(entries).deep.equal(['intermediate_pushes']);
      const pushed = await new LocalStorage({ root, zip }).push(source, segment);
      const target = join(base, 'target');
      const dying = new LocalStorage({ root, zip, hit });
      expect(await codeOf(dying.pull(pushed.loadSpec!, target))).equal('Bug');
      expect(await readdir(base)).deep.equal(['built', 'deep']);
    });
  }

  it('refuses sizes that differ, other types and other places', async () => {
    const store = new LocalStorage({ root: join(base, 'deep') });
    const { loadSpec } = await store.push(source, segment);
    const target = join(base, 'target');
    expect(await codeOf(store.pull(loadSpec!, target, { expectedSize: 5005 }))).equal('StorageFailure');
    expect(await codeOf(store.pull({ type: 's3_zip' }, target))).equal('Unsupported');
    expect(await codeOf(store.pull({ type: 'local', path: source }, target))).equal('StorageFailure');
    expect(await codeOf(store.kill({ type: 'local', path: join(base, 'deep') }))).equal('StorageFailure');
    expect(await codeOf(store.kill({ type: 'local', path: `${base}/deep/../built` }))).equal(
      'StorageFailure',
    );
    await symlink(source, join(base, 'deep', 'link'));
    const link = { type: 'local', path: join(base, 'deep', 'link') };
    expect(await codeOf(store.pull(link, target))).equal('StorageFailure');
    expect(await codeOf(store.kill(link))).equal('StorageFailure');
    expect(await contentOf(source)).contain('5000');
  });

  it('refuses a cut, a changed and a bloated zip', async () => {
    const zipPath = join(base, 'index.zip');
    await writeZip(source, zipPath);
    const bytes = await readFile(zipPath);
    const into = async (limits = defaultUnzipLimits): Promise<string> => {
      const dir = await mkdtemp(join(base, 'out-'));
      return await codeOf(unzip(zipPath, dir, limits));
    };
    expect(await into()).equal('no error');
    expect(await into({ ...defaultUnzipLimits, entriesMax: 1 })).equal('LimitExceeded');
    expect(await into({ ...defaultUnzipLimits, bytesMax: 5003 })).equal('LimitExceeded');
    expect(await into({ ...defaultUnzipLimits, ratioFreeBytes: 100, ratioMax: 10 })).equal('LimitExceeded');
    await truncate(zipPath, bytes.length - 30);
    expect(await into()).equal('CorruptSegment');
    for (let at = 0; at < bytes.length; at += 3) {
      const changed = Uint8Array.from(bytes);
      changed[at]! ^= 0x41;
      await writeFile(zipPath, changed);
      expect(await into(), `byte ${at}`).oneOf(['CorruptSegment', 'no error', 'LimitExceeded']);
    }
  }).timeout(20_000);

  it('refuses names that lead out, links and doubles', async () => {
    const { ZipFile } = await import('yazl');
    const zipOf = async (...entries: [name: string, mode?: number][]): Promise<string> => {
      const zip = new ZipFile();
      for (const [name, mode] of entries) {
        // The writer refuses bad names itself, so they are smuggled in at the same length.
        zip.addBuffer(Buffer.from('x'), name, mode === undefined ? {} : { mode });
      }
      const path = join(base, 'bad.zip');
      zip.end();
      await pipeline(zip.outputStream, createWriteStream(path));
      return path;
    };
    const judge = async (path: string, patch?: [from: string, to: string]): Promise<string> => {
      if (patch !== undefined) {
        const text = (await readFile(path)).toString('latin1').replaceAll(...patch);
        await writeFile(path, text, 'latin1');
      }
      return await codeOf(unzip(path, await mkdtemp(join(base, 'out-')), defaultUnzipLimits));
    };
    expect(await judge(await zipOf(['aaXbb.txt']), ['aaXbb.txt', '../bb.txt'])).equal('CorruptSegment');
    expect(await judge(await zipOf(['aaXbb.txt']), ['aaXbb.txt', '/tmp/b.tx'])).equal('CorruptSegment');
    expect(await judge(await zipOf(['aaXbb.txt']), ['aaXbb.txt', 'a\\Xbb.txt'])).equal('CorruptSegment');
    expect(await judge(await zipOf(['folder/a']))).equal('CorruptSegment');
    expect(await judge(await zipOf(['link', 0o120777]))).equal('CorruptSegment');
    expect(await judge(await zipOf(['a'], ['b']), ['b', 'a'])).equal('CorruptSegment');
  });

  it('sweeps what dead pushes have left, by age', async () => {
    const root = join(base, 'deep');
    const store = new LocalStorage({ root });
    expect(await store.sweep(0, 0)).equal(0);
    await mkdir(join(root, 'intermediate_pushes', 'push-dead', 'index'), { recursive: true });
    const { mtimeMs } = await stat(join(root, 'intermediate_pushes', 'push-dead'));
    expect(await store.sweep(mtimeMs + 999, 1000)).equal(0);
    expect(await store.sweep(mtimeMs + 1001, 1000)).equal(1);
    expect(await readdir(join(root, 'intermediate_pushes'))).deep.equal([]);
  });

  it('names places like Druid', () => {
    expect(storagePath({ ...segment, partition: 0 })).equal(place);
    expect(() => storagePath({ ...segment, version: '../x', partition: 0 })).throw('version');
  });
});
