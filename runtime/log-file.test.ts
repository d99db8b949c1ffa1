import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { expect } from 'chai';
import { openLogFile } from './log-file.js';

describe('log file', () => {
  let folder: string;
  beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'grove-log-'))));
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

  async function write(lines: readonly string[], keep = 2): Promise<void> {
    const stream = openLogFile(path.join(folder, 'a.log'), { bytesMax: 10, keep });
    for (const line of lines) stream.write(line);
    stream.end();
    await finished(stream);
  }
  const files = (): Record<string, string> =>
    Object.fromEntries(
      fs
        .readdirSync(folder)
        .toSorted()
        .map((name) => [name, fs.readFileSync(path.join(folder, name), 'utf8')]),
    );

  it('starts a new one when the next line would not fit, and keeps some of the old', async () => {
    await write(['11111\n', '22222\n', '33333\n', '44444\n']);
    expect(files()).to.deep.equal({ 'a.log': '44444\n', 'a.log.1': '33333\n', 'a.log.2': '22222\n' });
  });

  it('goes on where the last process stopped', async () => {
    await write(['111\n']);
    await write(['222\n']);
    expect(files()).to.deep.equal({ 'a.log': '111\n222\n' });
    await write(['3333333\n']);
    expect(files()).to.deep.equal({ 'a.log': '3333333\n', 'a.log.1': '111\n222\n' });
  });

  it('a line longer than a file gets one of its own; none may be kept', async () => {
    await write(['1\n', 'x'.repeat(30), '2\n'], 0);
    expect(files()).to.deep.equal({ 'a.log': '2\n' });
  });

  it('lines that can not be written are lost, later ones are not', async () => {
    const stream = openLogFile(path.join(folder, 'gone/a.log'), { bytesMax: 10, keep: 1 });
    const written = (line: string): Promise<void> =>
      new Promise((done, fail) =>
        stream.write(line, (error) => (error === null || error === undefined ? done() : fail(error))),
      );
    await written('1\n');
    fs.mkdirSync(path.join(folder, 'gone'));
    await written('2\n');
    stream.end();
    await finished(stream);
    expect(fs.readFileSync(path.join(folder, 'gone/a.log'), 'utf8')).to.equal('2\n');
  });
});
