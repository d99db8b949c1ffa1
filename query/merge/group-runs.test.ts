import { expect } from 'chai';
import fc from 'fast-check';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { cellColumn } from '../frame-build.js';
import { frameBytes } from '../frame-codec.js';
import type { Frame } from '../frame.js';
import { runJob, type FinishInput } from '../engine/jobs.js';
import { renderResult } from '../results/render.js';
import { TextSink } from '../json/write.js';
import { mergePartials } from '../merge.js';
import type { GroupByQuery } from '../native/model.js';
import { parseNativeQuery } from '../native/parse.js';
import { joinFrames } from './scan.js';
import { condense, groupPieces, type StoredRun } from './group-runs.js';

const queryOf = (more: object = {}): GroupByQuery =>
  parseNativeQuery(
    {
      queryType: 'groupBy',
      dataSource: 't',
      intervals: ['2000/2001'],
      granularity: 'day',
      dimensions: [
        't',
        { type: 'default', dimension: 'l', outputName: 'l', outputType: 'LONG' },
        { type: 'default', dimension: 'd', outputName: 'd', outputType: 'DOUBLE' },
      ],
      aggregations: [
        { type: 'longSum', name: 'sum', fieldName: 'x' },
        { type: 'longMax', name: 'most', fieldName: 'x' },
      ],
      ...more,
    },
    { queryId: 'q', timeoutMs: 0 },
  ) as GroupByQuery;
const query = queryOf();

const row = fc.tuple(
  fc.integer({ min: 0, max: 2 }),
  fc.option(fc.constantFrom<string[]>('', 'a', 'ab', 'é', '\u{ffee}', '\u{1f600}', 'zz')),
  fc.option(fc.bigInt({ min: -2n, max: 2n })),
  fc.option(fc.constantFrom(-0, 0, 1.5, -1.5, Number.NaN, -Infinity)),
  fc.option(fc.bigInt({ min: -(2n ** 40n), max: 2n ** 40n })),
);
type Row = typeof row extends fc.Arbitrary<infer T> ? T : never;

function frameOf(rows: readonly Row[]): Frame {
  const columns = [
    cellColumn(
      '__bucket',
      'LONG',
      rows.map(([bucket]) => BigInt(bucket) * 86_400_000n),
    ),
    cellColumn(
      't',
      'STRING',
      rows.map(([, text]) => text),
    ),
    cellColumn(
      'l',
      'LONG',
      rows.map(([, , long]) => long),
    ),
    cellColumn(
      'd',
      'DOUBLE',
      rows.map(([, , , double]) => double),
    ),
    ...['sum', 'most'].map((name) =>
      cellColumn(
        name,
        'LONG',
        rows.map(([, , , , value]) => value),
      ),
    ),
  ];
  return { rows: rows.length, columns };
}

/** Rows as text, in their order. */
function textOf(frame: Frame): string {
  const sink = new TextSink();
  renderResult(query, { ...frame, isMerged: true }, sink);
  return sink.text;
}
const pieced = (pieces: Iterable<Frame>): string => {
  const all = [...pieces];
  return textOf(all.length === 0 ? mergePartials(query, []) : joinFrames(all));
};
const wide = (seed: number): Frame =>
  frameOf(
    Array.from({ length: 1_500 }, (_, i): Row => {
      const at = (i * 7919 + seed) % 2_003;
      return [at % 3, `text ${at % 50}`, BigInt(at % 40), at % 7 === 0 ? null : at / 8, BigInt(at)];
    }),
  );

describe('runs of groups', () => {
  let dir = '';
  before(() => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'runs-'));
  });
  after(() => fs.rmSync(dir, { recursive: true }));
  let files = 0;
  const stored = (frames: readonly Frame[], of = query): StoredRun => {
    const file = path.join(dir, String(files++));
    const out = condense(
      { query: of, frames, memoryBytesMax: -1, path: file, diskBytesMax: Infinity },
      () => undefined,
    );
    if (!('stored' in out)) throw new Error('nothing was stored');
    return out.stored;
  };
  const job = async (input: FinishInput): Promise<string> => {
    const parts: Uint8Array[] = [];
    const onPiece = (piece: unknown): void => void parts.push(...(piece as Uint8Array[]));
    const { output } = await runJob('finish', input, () => undefined, onPiece);
    return Buffer.concat([...parts, ...(output as Uint8Array[])]).toString();
  };
  const whole = (of: GroupByQuery, frames: readonly Frame[]): string => {
    const sink = new TextSink();
    renderResult(of, mergePartials(of, frames), sink);
    return sink.text;
  };

  it('merge to what all their rows at once are merged to, in memory and on disk', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(row, { maxLength: 12 }), { maxLength: 6 }),
        fc.nat(6),
        (lists, inFiles) => {
          const frames = lists.map(frameOf);
          const expected = textOf(mergePartials(query, frames));
          const runs = frames.map((frame) => mergePartials(query, [frame]));
          const onDisk = runs.slice(0, inFiles).filter(({ rows }) => rows > 0);
          const files = onDisk.map((frame) => stored([frame]));
          expect(pieced(groupPieces(query, runs.slice(inFiles), files))).to.equal(expected);
          expect(pieced(groupPieces(query, runs, [], 3))).to.equal(expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('of many rows are answered piece by piece, in any order asked for', async () => {
    const frames = [wide(1), wide(2), wide(3)];
    const dimensions = ['t', { type: 'default', dimension: 'l', outputName: 'l', outputType: 'LONG' }];
    const file = stored(frames.slice(0, 2), queryOf({ dimensions }));
    const columns = [{ dimension: 'sum', direction: 'descending' }];
    for (const more of [
      {},
      { limitSpec: { type: 'default', limit: 700, offset: 900, columns: [] } },
      {
        having: { type: 'greaterThan', aggregation: 'sum', value: 2_900 },
        limitSpec: { type: 'default', limit: 9 },
      },
      { limitSpec: { type: 'default', limit: 100, offset: 3, columns } },
      { limitSpec: { type: 'default', columns } },
      { subtotalsSpec: [['t'], []], context: { sortByDimsFirst: true } },
      { context: { sortByDimsFirst: true } },
    ]) {
      const own = queryOf({ ...more, dimensions });
      const expected = whole(own, frames);
      const wanted = { query: own, frames: frames.slice(2), stored: [file], bytesMax: 1e9 };
      expect(await job(wanted), JSON.stringify(more)).to.equal(expected);
    }
    fs.rmSync(file.path);
  });

  it('stay in memory while they are few bytes, and leave nothing behind that is too large', () => {
    const file = path.join(dir, 'limited');
    const given = { query, frames: [wide(1), wide(1), wide(1)], path: file };
    const none = (): undefined => undefined;
    expect(condense({ ...given, memoryBytesMax: 1e6, diskBytesMax: 0 }, none)).to.have.property('frames');
    for (const limits of [
      { memoryBytesMax: 1000, diskBytesMax: 10_000 },
      { memoryBytesMax: 1000, diskBytesMax: 0 },
      { memoryBytesMax: 1000, diskBytesMax: 1e9, path: undefined },
    ])
      expect(() => condense({ ...given, ...limits }, none)).to.throw(/Not enough/);
    let calls = 0;
    const stop = (): void => {
      if (++calls > 0) throw new Error('stopped');
    };
    expect(() => condense({ ...given, memoryBytesMax: 0, diskBytesMax: 1e9 }, stop)).to.throw('stopped');
    expect(fs.existsSync(file)).to.equal(false);
  });

  it('take less room on disk than in memory, and are never read as more than they may be', () => {
    const frame = mergePartials(query, [wide(1), wide(2)]);
    const run = stored([frame]);
    const bytes = fs.readFileSync(run.path);
    expect(bytes.length).to.equal(run.bytes);
    expect(run.bytes).to.be.lessThan(frameBytes(frame) / 2);
    expect(pieced(groupPieces(query, [], [run]))).to.equal(textOf(frame));
    for (let at = 4; at < bytes.length; at += Math.ceil(bytes.length / 400)) {
      fs.writeFileSync(run.path, Buffer.from(bytes).fill((bytes[at] ?? 0) ^ 0x5a, at, at + 1));
      try {
        for (const { rows } of groupPieces(query, [], [run])) expect(rows).to.be.at.most(frame.rows);
      } catch (thrown) {
        expect(String(thrown)).to.match(/damaged/);
      }
    }
    fs.rmSync(run.path);
  });

  it('that are damaged on disk are an error', () => {
    const run = stored([wide(1)]);
    const read = (): void => void [...groupPieces(query, [], [run])];
    const bytes = fs.readFileSync(run.path);
    const damaged = [bytes.subarray(0, bytes.length - 1), Buffer.from(bytes).fill(255, 0, 4)];
    for (const content of damaged) {
      fs.writeFileSync(run.path, content);
      expect(read).to.throw('damaged');
    }
    fs.rmSync(run.path);
    expect(read).to.throw("can't be kept on disk: ENOENT");
  });
});
