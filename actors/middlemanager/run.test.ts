import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { peonFiles, type PeonConfig } from '../peon-config.js';
import { endOfRun } from './run.js';
import { RunFolders } from './run-folders.js';

describe('middle manager: the end of a run', () => {
  it('is what the process said of it', () => {
    const said = { status: 'SUCCESS', errorMessage: '' } as const;
    expect(endOfRun(said, { code: 1, signal: null }, undefined)).to.equal(said);
  });
  it('else says how it went and why it was stopped', () => {
    const end = (code: number | null, signal: string | null, why?: string) =>
      endOfRun(undefined, { code, signal }, why).errorMessage;
    expect(end(null, 'SIGKILL')).to.equal('The task process ended without a word, with signal[SIGKILL]');
    expect(end(9, null)).to.include('exit code[9]');
    expect(end(null, null, 'by hand')).to.include('an unknown end; it was told to stop: by hand');
  });
});

describe('middle manager: work folders', () => {
  let root = '';
  let folders: RunFolders;
  beforeEach(() => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), 'grove-runs-'));
    folders = new RunFolders(path.join(root, 'tasks'));
  });
  afterEach(() => fs.rmSync(root, { recursive: true }));

  it('remember the highest epoch obeyed; what can not be read counts as none', () => {
    const none = { clusterId: '', epoch: 0 };
    expect(folders.readEpoch()).to.deep.equal(none);
    folders.writeEpoch({ clusterId: 'c', epoch: 7 });
    const again = new RunFolders(folders.root);
    expect(again.readEpoch()).to.deep.equal({ clusterId: 'c', epoch: 7 });
    expect(again.found()).to.deep.equal([]);
    fs.writeFileSync(path.join(folders.root, 'command-epoch.json'), '{"clus');
    expect(again.readEpoch()).to.deep.equal(none);
  });

  const config = (taskId: string): PeonConfig => ({
    taskId,
    groupId: taskId,
    incarnation: 'i',
    node: 'n',
    token: 't',
    folder: folders.folderOf(taskId),
    overlordFile: folders.overlordFile,
    deepStorage: { type: 'local', root: '/deep', zip: false },
    inputDirs: [],
    inputHosts: [],
    lookupTier: '__default',
    unsafeFaults: false,
    logLevel: 'info',
    beatMs: 1,
    overlordPatienceMs: 1,
  });

  it('stay inside the folder whatever the id is, and differ', () => {
    const ids = ['a:b', 'a_b', '..', 'x'.repeat(255), 'ü/é', 'a b'];
    const made = ids.map((id) => folders.folderOf(id));
    expect(new Set(made).size).to.equal(ids.length);
    for (const folder of made) {
      expect(path.dirname(folder)).to.equal(folders.root);
      expect(path.basename(folder).length).to.be.lessThan(130);
    }
  });

  it('are found again with what the process left; what is no run is removed', () => {
    expect(folders.found()).to.deep.equal([]);
    for (const id of ['alive', 'ended', 'young']) folders.create(config(id));
    fs.writeFileSync(peonFiles.pid(folders.folderOf('alive')), '123');
    fs.writeFileSync(peonFiles.pid(folders.folderOf('ended')), '124');
    fs.writeFileSync(peonFiles.end(folders.folderOf('ended')), '{"status":"SUCCESS","errorMessage":""}');
    fs.mkdirSync(path.join(folders.root, 'run-half'));
    fs.mkdirSync(path.join(folders.root, 'run-broken'));
    fs.writeFileSync(peonFiles.config(path.join(folders.root, 'run-broken')), '{');
    const found = folders.found().map(({ config: { taskId }, pid, end }) => [taskId, pid, end?.status]);
    expect(found).to.have.deep.members([
      ['alive', 123, undefined],
      ['ended', 124, 'SUCCESS'],
      ['young', 0, undefined],
    ]);
    expect(fs.readdirSync(folders.root)).to.have.length(3);
  });

  it('go out of the way at once, and what an earlier one left behind goes too', async () => {
    folders.create(config('t'));
    const going = folders.discard(folders.folderOf('t'));
    expect(fs.existsSync(folders.folderOf('t'))).to.equal(false);
    folders.create(config('t'));
    await going;
    expect(fs.readdirSync(folders.root)).to.deep.equal([path.basename(folders.folderOf('t'))]);
    await folders.discard(folders.folderOf('never'));
    fs.mkdirSync(path.join(folders.root, 'gone-run-t', 'work'), { recursive: true });
    await folders.discardRest();
    expect(fs.readdirSync(folders.root)).to.deep.equal([path.basename(folders.folderOf('t'))]);
  });

  it('show one overlord address at a time', () => {
    folders.writeOverlord('a:1');
    folders.writeOverlord('b:2');
    expect(JSON.parse(fs.readFileSync(folders.overlordFile, 'utf8'))).to.deep.equal({ address: 'b:2' });
  });
});
