/** The runner itself, over a suite made here: what is told of cases that are right, wrong, or ask for what is not there. */
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../launch.js';
import { allAmong, compareAnswer, difference, sameRows } from './compare.js';
import type { Case } from './suite.js';

const runner = fileURLToPath(new URL('run.js', import.meta.url));
const whole = { intervals: '2024-01-01/2024-01-04', granularity: 'all' };

function step(lines: readonly object[], over: object): object {
  const spec = {
    dataSchema: {
      dataSource: 'visits',
      timestampSpec: { column: 't', format: 'iso' },
      dimensionsSpec: { dimensions: ['city', 'tags'] },
      metricsSpec: [
        { type: 'count', name: 'rows' },
        { type: 'longSum', name: 'n', fieldName: 'n' },
      ],
      granularitySpec: { segmentGranularity: 'day', queryGranularity: 'none', rollup: true },
    },
    ioConfig: {
      type: 'index_parallel',
      inputSource: { type: 'inline', data: lines.map((line) => JSON.stringify(line)).join('\n') },
      inputFormat: { type: 'json' },
      ...over,
    },
  };
  return { type: 'index_parallel', spec };
}

const visit = (day: number, hour: number, city: string | null, n: number, tags: unknown = null): object => ({
  t: `2024-01-0${day}T${String(hour).padStart(2, '0')}:00:00Z`,
  city,
  n,
  tags,
});

/** Twelve rows; the second step hides the first's third day, the last adds to the first day. */
const steps = [
  step(
    [
      visit(1, 1, 'Ulm', 1, ['a', 'b']),
      visit(1, 1, 'Ulm', 2, ['a', 'b']),
      visit(1, 5, 'Bonn', 4),
      visit(2, 3, null, 8, 'a'),
      visit(2, 3, 'Ulm', 16),
      visit(3, 9, 'hidden', 1_000),
    ],
    {},
  ),
  step([visit(3, 4, 'Köln', 32), visit(3, 2, 'Bonn', 64, ['b'])], {}),
  step([visit(1, 9, 'Ulm', 128), visit(1, 1, 'Bonn', 256)], { appendToExisting: true }),
];

const sums = [
  { type: 'longSum', name: 'rows', fieldName: 'rows' },
  { type: 'longSum', name: 'n', fieldName: 'n' },
];
const ask = (name: string, body: object, response: unknown, more: object = {}): object => ({
  name,
  family: 'own',
  kind: 'native',
  path: '/druid/v2',
  body: { dataSource: 'visits', ...whole, ...body },
  status: 200,
  response,
  compare: 'ordered',
  ...more,
});
const totals = { queryType: 'timeseries', aggregations: sums };
const totalsAt = (result: object): unknown[] => [{ timestamp: '2024-01-01T01:00:00.000Z', result }];
const group = (city: string | null, rows: number, n: number): object => ({
  version: 'v1',
  timestamp: '2024-01-01T00:00:00.000Z',
  event: { city, rows, n },
});
const cases = [
  ask('totals', totals, totalsAt({ rows: 9, n: 511 })),
  ask('totals with a mistake', totals, totalsAt({ rows: 9, n: 512 })),
  ask('by city', { queryType: 'groupBy', dimensions: ['city'], aggregations: sums }, [
    group(null, 1, 8),
    group('Bonn', 3, 324),
    group('Köln', 1, 32),
    group('Ulm', 4, 147),
  ]),
  ask(
    'the first rows',
    {
      queryType: 'scan',
      columns: ['__time', 'city', 'tags'],
      order: 'ascending',
      limit: 2,
      resultFormat: 'compactedList',
    },
    [
      {
        columns: ['__time', 'city', 'tags'],
        events: [
          [Date.UTC(2024, 0, 1, 1), 'Ulm', ['a', 'b']],
          [Date.UTC(2024, 0, 1, 1), 'Bonn', null],
        ],
      },
    ],
  ),
  ask('nothing that is loaded', { ...totals, dataSource: 'broken' }, []),
  ask(
    'an error',
    { queryType: 'nonsense' },
    { error: 'Unknown exception' },
    { status: 400, compare: 'error' },
  ),
];

describe('the runner of shapes', function () {
  this.timeout(600_000);
  const folder = temporaryFolder();
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  it('answers a suite in every shape, tells mistakes and what it left out', () => {
    const write = (name: string, json: unknown): void => {
      fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      fs.writeFileSync(path.join(folder, name), JSON.stringify(json));
    };
    for (const [i, one] of steps.entries()) write(`datasets/visits/0${i}.json`, one);
    write('datasets/broken/01.json', { type: 'index_parallel', spec: {} });
    write('queries/native/own.json', cases);
    const { stdout, stderr, status } = spawnSync(process.execPath, [runner, folder], { encoding: 'utf8' });
    expect(stdout, stderr).to.match(/^loaded visits: 8 rows/m);
    expect(stdout).to.match(/^NOT LOADED broken: InvalidInput: spec/m);
    expect(stdout).to.match(/^left out: 1 cases \(broken\)$/m);
    expect(stdout).to.match(/^NOT LOADED broken on historicals: /m);
    expect(stdout).to.match(/^historicals: \d+, \d+, \d+ segments loaded/m);
    for (const shape of ['growing', 'one', 'many', 'nodes', 'historicals']) {
      expect(stdout).to.match(new RegExp(`^shape ${shape}: 4 passed, 1 failed`, 'm'));
      expect(stdout).to.contain(
        `FAIL ${shape} own / totals with a mistake: $[0].result.n: 511 instead of 512`,
      );
    }
    expect(stdout).to.match(/\n20 passed, 5 failed\n$/);
    expect(status).to.equal(1);
  });
});

describe('recorded answers', () => {
  const wanted = (response: unknown, ...flags: string[]): Case => ({
    name: 'one',
    family: 'own',
    path: '/druid/v2',
    text: '{}',
    query: {},
    status: 200,
    response,
    flags,
  });
  const found = (value: unknown): { status: number; text: string } => ({
    status: 200,
    text: JSON.stringify(value),
  });

  it('are compared in their order, or in any', () => {
    expect(compareAnswer(wanted([1, 2], 'ordered'), found([1, 2]))).to.equal(undefined);
    expect(compareAnswer(wanted([1, 2], 'ordered'), found([2, 1]))).to.equal('$[0]: 2 instead of 1');
    expect(compareAnswer(wanted([1, 2], 'unordered'), found([2, 1]))).to.equal(undefined);
    expect(sameRows([{ a: 1, b: 1 / 3 }, { a: 1 }], [{ a: 1 }, { b: 0.333333333333, a: 1 }], 1e-9)).to.equal(
      undefined,
    );
    expect(allAmong([1, 1], [1, 2], 1e-9)).to.equal('no row like 1');
  });

  it('take numbers within the tolerance, and every key', () => {
    expect(compareAnswer(wanted([{ x: 100 }], 'approx:0.02'), found([{ x: 101 }]))).to.equal(undefined);
    expect(compareAnswer(wanted([{ x: 100 }], 'approx:0.02'), found([{ x: 103 }]))).to.contain('$[0].x');
    expect(difference(9007199254740993n, 9007199254740992n, 1e-9)).to.contain('instead of');
    expect(difference({ a: null }, {}, 1e-9)).to.equal('$.a: nothing instead of null');
    expect(difference({}, { a: null }, 1e-9)).to.equal('$.a: null instead of nothing');
    expect(difference('1', 1, 1e-9)).to.equal('$: 1 instead of "1"');
  });

  it('are errors by status and code, whatever the words', () => {
    const error = { ...wanted({ error: 'E', errorMessage: 'a' }, 'error'), status: 400 };
    const answer = { status: 400, text: '{"error":"E","errorMessage":"b"}' };
    expect(compareAnswer(error, answer)).to.equal(undefined);
    expect(compareAnswer(error, { ...answer, status: 500 })).to.match(/^status 500 instead of 400/);
  });
});
