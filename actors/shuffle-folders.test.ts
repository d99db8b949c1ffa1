import { expect } from 'chai';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { CodedError } from '../proto/errors.js';
import { notePush, removeShuffle, shuffleFolder } from './shuffle-folders.js';

describe('what sub-tasks leave behind', () => {
  let root = '';
  beforeEach(async () => void (root = await fs.mkdtemp(path.join(os.tmpdir(), 'grove-shuffle-'))));
  afterEach(() => fs.rm(root, { recursive: true, force: true }));

  const pushed = async (run: string, place: string): Promise<string> => {
    await notePush(shuffleFolder(root, 'p', run), place);
    const folder = path.join(root, place);
    await fs.mkdir(folder, { recursive: true });
    await fs.writeFile(path.join(folder, 'index.zip'), 'x');
    return folder;
  };
  const isThere = (place: string): Promise<boolean> =>
    fs.stat(place).then(
      () => true,
      () => false,
    );

  it('goes, but for what is kept', async () => {
    const kept = await pushed('a', 'ds/one/a');
    const gone = await pushed('b', 'ds/one/b');
    await removeShuffle(root, 'p', new Set(['ds/one/a']));
    expect(await Promise.all([kept, gone].map(isThere))).to.deep.equal([true, false]);
    await removeShuffle(root, 'p');
    expect(await isThere(kept)).to.equal(true);
  });

  it('is not taken for gone when its notes can not be read: nothing may be published then', async () => {
    const folder = await pushed('a', 'ds/one/a');
    const notes = shuffleFolder(root, 'p', 'a');
    const [name = ''] = await fs.readdir(notes);
    await fs.rm(path.join(notes, name));
    await fs.mkdir(path.join(notes, name));
    const error: unknown = await removeShuffle(root, 'p').catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(CodedError).with.property('code', 'StorageFailure');
    expect(await isThere(folder)).to.equal(true);
    expect(await isThere(notes)).to.equal(true);
  });
});
