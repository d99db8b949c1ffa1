import { expect } from 'chai';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseGranularity } from '../query/granularity.js';
import { GrowingSegment } from './index/growing-segment.js';
import type { IndexSchema } from './index/incremental-index.js';
import { PartMerger } from './part-merger.js';
import { SegmentPress } from './segment-press.js';

const interval = { startMs: 0, endMs: 1_000_000 };
const rows = 1200;

const schema: IndexSchema = {
  dimensions: [
    { type: 'string', name: 's', multiValueHandling: 'SORTED_ARRAY', createBitmapIndex: true },
    { type: 'string', name: 'tags', multiValueHandling: 'ARRAY', createBitmapIndex: true },
    { type: 'long', name: 'n' },
    { type: 'double', name: 'd' },
    { type: 'float', name: 'f' },
    { type: 'json', name: 'j' },
    { type: 'auto', name: 'a', castToType: undefined },
  ] as IndexSchema['dimensions'],
  discoverDimensions: 'none',
  dimensionExclusions: [],
  metrics: [
    { type: 'count', name: 'rows' },
    { type: 'longSum', name: 'sum', fieldName: 'm' },
    { type: 'doubleMax', name: 'max', fieldName: 'm' },
    { type: 'floatMin', name: 'min', fieldName: 'm' },
    { type: 'hyperUnique', name: 'users', fieldName: 's', round: false } as IndexSchema['metrics'][number],
  ],
  queryGranularity: parseGranularity('none', 'g'),
  queryGranularityJson: { type: 'none' },
  rollup: true,
};

function fill(segment: GrowingSegment, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const k = (i * 7919) % rows;
    const fields = {
      s: k % 5 === 0 ? null : `value ${k % 700}`,
      tags: k % 3 === 0 ? ['x', `t${k % 11}`] : `t${k % 4}`,
      n: k % 6 === 0 ? null : k - 500,
      d: k % 9 === 0 ? -0 : k / 7,
      f: k % 8 === 0 ? null : k / 3,
      j: { k: k % 17, list: [k % 3, null] },
      a: k % 2 === 0 ? k : `text ${k % 10}`,
      m: k % 7 === 0 ? null : k,
    };
    segment.index.add((k * 31) % 900, { fields, doubleText: () => undefined });
  }
}

describe('segments written by threads', () => {
  const merger = new PartMerger();
  let base = '';
  beforeEach(() => (base = mkdtempSync(join(tmpdir(), 'press-'))));
  afterEach(() => rmSync(base, { recursive: true }));
  after(() => merger.close());

  const grow = (name: string): GrowingSegment =>
    new GrowingSegment(schema, interval, { dir: join(base, name), write: {}, merger });
  const filesOf = (dir: string): [string, Buffer][] =>
    readdirSync(dir)
      .toSorted()
      .map((name) => [name, readFileSync(join(dir, name))]);

  for (const threadUrl of [undefined, new URL('./segment-thread.js', import.meta.url)]) {
    const where = threadUrl === undefined ? 'on the same thread' : 'in a thread';
    it(`are byte for byte the same ${where}, whole and in parts`, async () => {
      const press = new SegmentPress(threadUrl, 1);
      try {
        for (const parts of [1, 3]) {
          const here = grow(`here-${parts}`);
          const there = grow(`there-${parts}`);
          for (let part = 0; part < parts; part++) {
            const [from, to] = [(part * rows) / parts, ((part + 1) * rows) / parts];
            fill(here, from, to);
            fill(there, from, to);
            if (part === parts - 1) continue;
            here.persist();
            await there.persistIn(press);
          }
          const wanted = here.finish(join(base, `a${parts}`));
          expect(await there.finishIn(join(base, `b${parts}`), press)).deep.equal(wanted);
          expect(filesOf(join(base, `b${parts}`))).deep.equal(filesOf(join(base, `a${parts}`)));
        }
      } finally {
        press.close();
      }
    });

    it(`may be written before the end ${where}; what comes later is merged with it`, async () => {
      const press = new SegmentPress(threadUrl, 1);
      try {
        const early = grow('early');
        fill(early, 0, rows);
        await early.persistIn(press, true);
        const late = grow('late');
        fill(late, 0, rows - 5);
        await late.persistIn(press, true);
        fill(late, rows - 5, rows);
        const here = grow('here');
        fill(here, 0, rows);
        const wanted = here.finish(join(base, 'a'));
        const inParts = grow('parts');
        fill(inParts, 0, rows - 5);
        inParts.persist();
        fill(inParts, rows - 5, rows);
        const merged = inParts.finish(join(base, 'b'));
        expect(await early.finishIn(join(base, 'c'), press)).deep.equal(wanted);
        expect(filesOf(join(base, 'c'))).deep.equal(filesOf(join(base, 'a')));
        expect(await late.finishIn(join(base, 'd'), press)).deep.equal(merged);
        expect(filesOf(join(base, 'd'))).deep.equal(filesOf(join(base, 'b')));
      } finally {
        press.close();
      }
    });

    it(`are not begun any more ${where} once it is closed`, async () => {
      const press = new SegmentPress(threadUrl, 1);
      press.close();
      const segment = grow('closed');
      fill(segment, 0, 10);
      const error: unknown = await segment.finishIn(join(base, 'late'), press).catch((e: unknown) => e);
      expect(error).include({ code: 'Canceled' });
    });

    it(`tell what went wrong ${where}`, async () => {
      const press = new SegmentPress(threadUrl, 1);
      try {
        const segment = grow('parts');
        fill(segment, 0, rows);
        const file = join(base, 'file');
        writeFileSync(file, 'no folder');
        const error: unknown = await segment.finishIn(join(file, 'x'), press).catch((e: unknown) => e);
        expect(error).include({ code: 'StorageFailure' });
      } finally {
        press.close();
      }
    });
  }
});
