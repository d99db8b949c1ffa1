import { expect } from 'chai';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { CodedError } from '../proto/errors.js';
import { runJob } from '../query/engine/jobs.js';
import type { Pool } from '../query/engine/pool-api.js';
import { cellColumn } from '../query/frame-build.js';
import type { Frame } from '../query/frame.js';
import type { GroupByQuery } from '../query/native/model.js';
import { parseNativeQuery } from '../query/native/parse.js';
import { GroupMemory, removeLeftRuns, type HeldCheck } from './group-memory.js';

const queryOf = (context: object = {}): GroupByQuery =>
  parseNativeQuery(
    {
      queryType: 'groupBy',
      dataSource: 't',
      intervals: '2000/2001',
      granularity: 'all',
      dimensions: ['d'],
      aggregations: [{ type: 'longSum', name: 'n', fieldName: 'n' }],
      context,
    },
    { queryId: 'q', timeoutMs: 0 },
  ) as GroupByQuery;

/** Groups `from` … `from` + 99. */
function frameOf(from: number): Frame {
  const texts = Array.from({ length: 100 }, (_, i) => `group ${String(from + i).padStart(6, '0')}`);
  const counts = texts.map(() => 1n);
  const columns = [
    cellColumn(
      '__bucket',
      'LONG',
      texts.map(() => 0n),
    ),
    cellColumn('d', 'STRING', texts),
    cellColumn('n', 'LONG', counts),
  ];
  return { rows: texts.length, columns };
}

describe('memory of groups', () => {
  let dir = '';
  let ran: string[] = [];
  let spilled = 0;
  beforeEach(() => {
    dir = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'groups-')), 'spill');
    ran = [];
    spilled = 0;
  });
  afterEach(() => fs.rmSync(path.dirname(dir), { recursive: true }));

  const pool: Pick<Pool, 'run'> = {
    async run(name, input, _transfer, options = {}) {
      ran.push(name);
      const check = (): void => {
        if (options.signal?.aborted === true) throw new CodedError('Canceled', 'stopped');
      };
      return (await runJob(name, input, check)).output;
    },
  };
  let files = 0;
  const memoryOf = (bytesMax: number, diskBytesMax: number): GroupMemory =>
    new GroupMemory({
      pool,
      settings: { dir, bytesMax, diskBytesMax },
      fileName: () => `${files++}.run`,
      metrics: {
        counter: (name) => ({ add: (by = 1) => void (spilled += name.endsWith('bytes_total') ? by : 0) }),
      },
      log: { warn: () => undefined },
    });
  const any: HeldCheck = () => undefined;
  const onDisk = (): string[] => (fs.existsSync(dir) ? fs.readdirSync(dir) : []);

  it('keeps what there is room for', async () => {
    const memory = memoryOf(1e6, 1e6);
    const groups = memory.open(queryOf(), any, () => ({}));
    const sink = groups.sink();
    for (let i = 0; i < 5; i++) await sink.add(frameOf(i * 100));
    expect(groups.frames).to.have.length(0);
    sink.accept();
    expect(groups.frames).to.have.length(5);
    expect(memory.heldBytes).to.be.greaterThan(5_000);
    expect(ran).to.deep.equal([]);
    await groups.close();
    expect(memory.heldBytes).to.equal(0);
  });

  it('merges many small frames as they come', async () => {
    const groups = memoryOf(1e6, 1e6).open(queryOf(), any, () => ({}));
    const sink = groups.sink();
    for (let i = 0; i < 33; i++) await sink.add(frameOf(0));
    sink.accept();
    expect(ran).to.deep.equal(['merge', 'merge']);
    expect(groups.frames.map(({ rows }) => rows)).to.deep.equal([100, 100, 100]);
    await groups.close();
  });

  it('puts on disk what there is no room for, and takes it away again', async () => {
    const memory = memoryOf(10_000, 1e6);
    const groups = memory.open(queryOf(), any, () => ({}));
    const sink = groups.sink();
    const lost = groups.sink();
    for (let i = 0; i < 12; i++) {
      await sink.add(frameOf(i * 100));
      await lost.add(frameOf(i * 100));
    }
    await lost.discard();
    sink.accept();
    expect(onDisk()).to.have.length(groups.runs.length);
    expect(groups.runs).not.to.have.length(0);
    expect(spilled).to.be.greaterThan(groups.runs.reduce((sum, { bytes }) => sum + bytes, 0));
    const input = { query: groups.query, frames: groups.frames, stored: groups.runs };
    const pieces = (await runJob('pieces', input, () => undefined)).output as Frame[];
    expect(pieces.reduce((sum, { rows }) => sum + rows, 0)).to.equal(1_200);
    await groups.close();
    expect(onDisk()).to.deep.equal([]);
    expect(memory.heldBytes).to.equal(0);
  });

  it('of which equal groups stay in memory as one', async () => {
    const groups = memoryOf(10_000, 1e6).open(queryOf(), any, () => ({}));
    const sink = groups.sink();
    for (let i = 0; i < 15; i++) await sink.add(frameOf(0));
    expect(ran).to.include('condense');
    expect(groups.runs).to.have.length(0);
    await groups.close();
  });

  it('refuses what is more than may be on disk or in memory', async () => {
    const full = new CodedError('LimitExceeded', 'texts');
    const held: HeldCheck = (_bytes, texts) => (texts > 2_000 ? full : undefined);
    const tries: readonly (readonly [object, number, HeldCheck, string])[] = [
      [{}, 5_000, any, 'Not enough disk space'],
      [{ maxOnDiskStorage: 3_000 }, 1e6, any, 'Not enough disk space'],
      [{ maxOnDiskStorage: 0 }, 1e6, held, 'texts'],
      [{}, 0, held, 'texts'],
      [{}, 1e6, held, ''],
      [{ maxOnDiskStorage: 0 }, 1e6, any, ''],
    ];
    for (const [context, disk, check, expected] of tries) {
      const memory = memoryOf(1_000, disk);
      const groups = memory.open(queryOf(context), check, () => ({}));
      const sink = groups.sink();
      let said = '';
      try {
        for (let i = 0; i < 10; i++) await sink.add(frameOf(i * 100));
      } catch (thrown) {
        said = String(thrown);
        expect(thrown).to.have.property('code', 'LimitExceeded');
      }
      expect(said, JSON.stringify(context)).to.contain(expected);
      if (expected === '') expect(said).to.equal('');
      await groups.close();
      expect(onDisk()).to.deep.equal([]);
      expect(memory.heldBytes).to.equal(0);
    }
  });

  it('a stopped query leaves no file, however late it is noticed; nor does a process that died', async () => {
    const stop = new AbortController();
    const groups = memoryOf(0, 1e6).open(queryOf(), any, () => ({ signal: stop.signal }));
    const sink = groups.sink();
    await sink.add(frameOf(0));
    const adding = sink.add(frameOf(100)).catch(() => undefined);
    stop.abort();
    await groups.close();
    await adding;
    const late = memoryOf(0, 1e6);
    const unstopped = late.open(queryOf(), any, () => ({}));
    const writing = unstopped.sink().add(frameOf(0));
    await unstopped.close();
    await writing;
    expect(late.heldBytes).to.equal(0);
    expect(onDisk()).to.deep.equal([]);
    fs.mkdirSync(dir, { recursive: true });
    fs.writeFileSync(path.join(dir, 'left.run'), 'x');
    await removeLeftRuns(dir);
    expect(fs.existsSync(dir)).to.equal(false);
    await removeLeftRuns(dir);
  });
});
