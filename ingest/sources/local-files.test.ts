import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import { nameFilter } from './glob.js';
import { checkLocalPaths, findLocalFiles } from './local-files.js';

async function codeOf(action: Promise<unknown>): Promise<string> {
  const thrown: unknown = await action.then(
    () => undefined,
    (error: unknown) => error,
  );
  return thrown instanceof CodedError ? thrown.code : 'no error';
}

describe('local input', () => {
  let base = '';
  let allowed = '';
  const signal = new AbortController().signal;
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'input-test-'));
    allowed = join(base, 'allowed');
    await mkdir(join(allowed, 'sub'), { recursive: true });
    await writeFile(join(allowed, 'b.json'), 'B');
    await writeFile(join(allowed, 'a.json'), 'A');
    await writeFile(join(allowed, 'a.txt'), 'T');
    await writeFile(join(allowed, 'sub', 'c.json.gz'), gzipSync('C'));
    await writeFile(join(base, 'secret.json'), 'S');
  });
  afterEach(async () => {
    await rm(base, { recursive: true });
  });

  const source = (filter: string, baseDir: string | undefined = allowed, files: string[] = []) =>
    findLocalFiles({ baseDir, filter, files, systemFields: [] }, [allowed]);
  const read = async (entities: Awaited<ReturnType<typeof source>>): Promise<string> => {
    let text = '';
    for (const entity of entities)
      for await (const piece of entity.open(signal)) text += Buffer.from(piece).toString();
    return text;
  };

  it('reads what matches, in a fixed order, unpacked', async () => {
    expect(await read(await source('*.json*'))).equal('ABC');
    expect(
      await read(await source('x', undefined, [join(allowed, 'b.json'), join(allowed, 'b.json')])),
    ).equal('B');
    expect(await codeOf(source('*.csv'))).equal('InvalidInput');
    expect(await read(await source('*', 'sub'))).equal('C');
    expect(await codeOf(source('*', '../allowed/../..'))).equal('InvalidInput');
  });

  it('refuses what is plainly outside before anything is opened', () => {
    const check = (baseDir: string | undefined, files: string[] = []): void =>
      checkLocalPaths({ baseDir, filter: '*', files, systemFields: [] }, [allowed]);
    expect(() => check('/etc')).to.throw('baseDir');
    expect(() => check(undefined, [join(allowed, 'a.json'), join(allowed, '..', 'secret.json')])).to.throw(
      'files[1]',
    );
    expect(() => check(`${allowed}-beside`)).to.throw('baseDir');
    check(allowed, [join(allowed, 'sub', 'c.json.gz')]);
    check('sub');
  });

  it('never leaves the allowed folders', async () => {
    await symlink(join(base, 'secret.json'), join(allowed, 'link.json'));
    await symlink(base, join(allowed, 'up'));
    expect(await read(await source('*.json'))).equal('AB');
    const outside = [
      join(base, 'secret.json'),
      join(allowed, '..', 'secret.json'),
      join(allowed, 'link.json'),
      join(allowed, 'up', 'secret.json'),
      join(allowed, 'nothing'),
      `${allowed}-other`,
      'relative.json',
      `${allowed}/a.json\0`,
    ];
    for (const file of outside)
      expect(await codeOf(source('*', undefined, [file])), file).equal('InvalidInput');
    expect(await codeOf(source('*.json', base))).equal('InvalidInput');
    expect(
      await codeOf(findLocalFiles({ systemFields: [], baseDir: allowed, filter: '*', files: [] }, [])),
    ).equal('InvalidInput');
  });

  it('does not follow a link put in place of a file that was found', async () => {
    const entities = await source('a.json');
    await rm(join(allowed, 'a.json'));
    await symlink(join(base, 'secret.json'), join(allowed, 'a.json'));
    expect(await codeOf(read(entities))).equal('InvalidInput');
  });

  it('reports cut gzip files and stops when told', async () => {
    const packed = gzipSync(Buffer.alloc(100_000, 'abcdefgh'));
    await writeFile(join(allowed, 'cut.gz'), packed.subarray(0, packed.length - 10));
    expect(await codeOf(read(await source('cut.gz')))).equal('InvalidInput');
    const stop = AbortSignal.abort();
    const [first] = await source('a.json');
    const stopped = async (): Promise<void> => {
      for await (const piece of first!.open(stop)) expect(piece).equal(undefined);
    };
    expect(await codeOf(stopped())).equal('Canceled');
  });

  it('never reads packed files as noise', async () => {
    for (const head of ['PK\x03\x04', 'BZh91AY&SY', '\xfd7zXZ\0', '\x28\xb5\x2f\xfd']) {
      await writeFile(join(allowed, 'packed'), head, 'latin1');
      expect(await codeOf(read(await source('packed')))).equal('InvalidInput');
    }
    await writeFile(join(allowed, 'packed'), 'BZhello');
    expect(await read(await source('packed'))).equal('BZhello');
  });

  it('matches names like a shell', () => {
    const cases: [string, string[], string[]][] = [
      ['*', ['a', '.x', ''], []],
      ['*.json', ['a.json', '.json'], ['a.json.gz', 'json']],
      ['wiki-??.{csv,tsv}', ['wiki-01.csv', 'wiki-é1.tsv'], ['wiki-1.csv', 'wiki-01.txt']],
      ['[a-c]x[!0-9]', ['axz', 'cx-'], ['dxz', 'ax1']],
      ['a\\*b', ['a*b'], ['aab']],
      ['*a*b*c', ['xxaxxbxxc', 'abc'], ['acb']],
    ];
    for (const [pattern, yes, no] of cases) {
      const matches = nameFilter(pattern, 'f');
      for (const name of yes) expect(matches(name), `${pattern} ${name}`).equal(true);
      for (const name of no) expect(matches(name), `${pattern} ${name}`).equal(false);
    }
    expect(() => nameFilter('[a', 'f')).throw('f');
    expect(nameFilter(`${'*a'.repeat(40)}b`, 'f')('a'.repeat(200))).equal(false);
  });
});
