import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import { JsonKeys } from '../spec/keys.js';
import type { InputEntity } from './input-entity.js';
import type { ObjectReader } from './object-reader.js';
import { checkSource } from './source-kinds.js';

const objects: Readonly<Record<string, Uint8Array>> = {
  'data/2020/': new Uint8Array(0),
  'data/2020/a.json': Buffer.from('{"a":1}\n'),
  'data/2020/b.json.gz': gzipSync('{"b":2}\n'),
  'data/deep/er/c.json': Buffer.from('{"c":3}\n'),
  'data/readme.txt': Buffer.from('no'),
};

const reader: ObjectReader = {
  async *list(bucket, prefix) {
    await Promise.resolve();
    for (const [path, bytes] of Object.entries(objects)) {
      if (path.startsWith(prefix)) yield { bucket, path, sizeBytes: bytes.length };
    }
  },
  find(bucket, path) {
    const bytes = objects[path];
    if (bytes === undefined) return Promise.reject(new CodedError('InvalidInput', 'not there'));
    return Promise.resolve({ bucket, path, sizeBytes: bytes.length });
  },
  async *read({ path }) {
    await Promise.resolve();
    yield objects[path] ?? new Uint8Array(0);
  },
};

const nothing = (): void => undefined;
const signal = new AbortController().signal;

async function open(json: object): Promise<readonly InputEntity[]> {
  const source = checkSource(new JsonKeys({ type: 'google', ...json }, 'spec.ioConfig.inputSource'));
  return await source.open({
    inputDirs: [],
    httpAllow: [],
    workDir: '',
    segments: undefined,
    googleObjects: reader,
    clock: { now: () => 0, monotonic: () => 0 },
    log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
    signal,
  });
}

async function textOf(entity: InputEntity | undefined): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of entity?.open(signal) ?? []) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}

describe('objects of Google Cloud Storage as input', () => {
  it('are found by prefix and pattern, without empty ones', async () => {
    const names = async (json: object): Promise<string[]> => (await open(json)).map(({ name }) => name);
    const prefixes = ['gs://bucket/data/'];
    expect(await names({ prefixes })).deep.equal(['a.json', 'b.json.gz', 'c.json', 'readme.txt']);
    expect(await names({ prefixes, objectGlob: '**.json' })).deep.equal(['a.json', 'c.json']);
    expect(await names({ prefixes, objectGlob: 'data/*/*.json*' })).deep.equal(['a.json', 'b.json.gz']);
    expect(await names({ prefixes: ['gs://bucket'], objectGlob: '**/c.{json,csv}' })).deep.equal(['c.json']);
  });

  it('are named by URI or bucket and path, unpacked, and tell where they are', async () => {
    const systemFields = ['__file_uri', '__file_bucket', '__file_path'];
    const [packed] = await open({ uris: ['gs://bucket/data/2020/b.json.gz'], systemFields });
    expect(await textOf(packed)).equal('{"b":2}\n');
    expect(packed?.systemFields).deep.equal({
      __file_uri: 'gs://bucket/data/2020/b.json.gz',
      __file_bucket: 'bucket',
      __file_path: 'data/2020/b.json.gz',
    });
    const { type: _, ...alone } = packed?.alone ?? {};
    const [again] = await open(alone);
    expect(again?.systemFields).deep.equal(packed?.systemFields);
    const [plain] = await open({ objects: [{ bucket: 'bucket', path: 'data/2020/a.json' }] });
    expect(await textOf(plain)).equal('{"a":1}\n');
  });

  it('are refused when nothing can be meant', async () => {
    const bad: readonly [object, RegExp][] = [
      [{}, /uris/],
      [{ uris: ['gs://b/a'], prefixes: ['gs://b'] }, /only one/],
      [{ uris: ['s3://b/a'] }, /uris\[0\]/],
      [{ uris: ['gs://b'] }, /uris\[0\]/],
      [{ objects: [{ bucket: 'b' }] }, /objects\[0\]\.path/],
      [{ uris: ['gs://b/nosuch'] }, /not there/],
      [{ prefixes: ['gs://b/nosuch'] }, /no object/],
      [{ prefixes: ['gs://b'], systemFields: ['x'] }, /systemFields/],
    ];
    for (const [json, message] of bad) {
      const thrown: unknown = await open(json).catch((error: unknown) => error);
      expect(thrown, JSON.stringify(json)).instanceOf(CodedError);
      expect((thrown as CodedError).message).match(message);
    }
  });
});
