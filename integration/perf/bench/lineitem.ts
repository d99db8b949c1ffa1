/**
 * Lineitem-like rows (derived from TPC-H, not a TPC result): the columns, value ranges, cardinalities and
 * dependencies of TPC-H's lineitem table that the bench's queries touch, as CSV. The same scale factor, the same
 * bytes.
 */
import fs from 'node:fs';
import { randomOf } from '../../segment/mutation.js';

export const columns = [
  'l_shipdate',
  'l_partkey',
  'l_suppkey',
  'l_commitdate',
  'l_receiptdate',
  'l_returnflag',
  'l_linestatus',
  'l_shipmode',
  'l_shipinstruct',
  'l_quantity',
  'l_extendedprice',
  'l_discount',
  'l_tax',
] as const;

const instructions = ['COLLECT COD', 'DELIVER IN PERSON', 'NONE', 'TAKE BACK RETURN'];
const modes = ['AIR', 'FOB', 'MAIL', 'RAIL', 'REG AIR', 'SHIP', 'TRUCK'];

const dayMs = 86_400_000;
const firstOrderMs = Date.UTC(1992, 0, 1);
/** Orders come until 151 days before the end of 1998. */
const orderDays = 2406;
/** TPC-H's "current date", 1995-06-17, as a day number. */
const currentDay = Math.round((Date.UTC(1995, 5, 17) - firstOrderMs) / dayMs);

const dates = Array.from({ length: orderDays + 200 }, (_, day) =>
  new Date(firstOrderMs + day * dayMs).toISOString().slice(0, 10),
);

function cents(value: number): string {
  const text = String(value).padStart(3, '0');
  return `${text.slice(0, -2)}.${text.slice(-2)}`;
}

/** Lines of CSV without a header, one order after the other: ship dates are not in order. */
export function* lineitem(scale: number, seed = 1): Generator<string> {
  const random = randomOf(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const parts = Math.round(200_000 * scale);
  const suppliers = Math.round(10_000 * scale);
  const orders = Math.round(1_500_000 * scale);
  for (let order = 0; order < orders; order++) {
    const orderDay = below(orderDays);
    const lines = 1 + below(7);
    for (let line = 0; line < lines; line++) {
      const part = 1 + below(parts);
      const supplier =
        1 +
        ((part + below(4) * (Math.floor(suppliers / 4) + Math.floor((part - 1) / suppliers))) % suppliers);
      const quantity = 1 + below(50);
      const price = quantity * (90_000 + (Math.floor(part / 10) % 20_001) + 100 * (part % 1000));
      const ship = orderDay + 1 + below(121);
      const commit = orderDay + 30 + below(61);
      const receipt = ship + 1 + below(30);
      const flag = receipt > currentDay ? 'N' : below(2) === 0 ? 'R' : 'A';
      const status = ship > currentDay ? 'O' : 'F';
      yield `${dates[ship]},${part},${supplier},${dates[commit]},${dates[receipt]},${flag},${status},${modes[below(7)]},${instructions[below(4)]},${quantity},${cents(price)},${cents(below(11))},${cents(below(9))}`;
    }
  }
}

/** Writes the rows to a file with a header line; answers how many there are. */
export function writeLineitem(file: string, scale: number): number {
  const out = fs.openSync(file, 'w');
  let rows = 0;
  let chunk: string[] = [columns.join(',')];
  const flush = (): void => {
    fs.writeSync(out, `${chunk.join('\n')}\n`);
    chunk = [];
  };
  for (const line of lineitem(scale)) {
    chunk.push(line);
    rows++;
    if (chunk.length === 20_000) flush();
  }
  if (chunk.length > 0) flush();
  fs.closeSync(out);
  return rows;
}

/** The task that ingests the file as one segment, its dimensions as strings, the numbers as metrics. */
export function lineitemTask(dataSource: string, file: string): unknown {
  const slash = file.lastIndexOf('/');
  return {
    type: 'index_parallel',
    spec: {
      dataSchema: {
        dataSource,
        timestampSpec: { column: 'l_shipdate', format: 'iso' },
        dimensionsSpec: { dimensions: columns.slice(1, 9) },
        metricsSpec: [
          { type: 'longSum', name: 'l_quantity', fieldName: 'l_quantity' },
          { type: 'doubleSum', name: 'l_extendedprice', fieldName: 'l_extendedprice' },
          { type: 'doubleSum', name: 'l_discount', fieldName: 'l_discount' },
          { type: 'doubleSum', name: 'l_tax', fieldName: 'l_tax' },
        ],
        granularitySpec: {
          segmentGranularity: 'all',
          queryGranularity: 'none',
          rollup: false,
          intervals: ['1992-01-01/1999-01-01'],
        },
      },
      ioConfig: {
        type: 'index_parallel',
        inputSource: { type: 'local', baseDir: file.slice(0, slash), filter: file.slice(slash + 1) },
        inputFormat: { type: 'csv', findColumnsFromHeader: true },
      },
      tuningConfig: {
        type: 'index_parallel',
        partitionsSpec: { type: 'dynamic', maxRowsPerSegment: 100_000_000, maxTotalRows: 100_000_000 },
      },
    },
  };
}
