/** Rows like those of TPC-H's lineitem: 16 columns, the same value ranges and cardinalities. The same seed, the same rows. */
import type { InputRow } from '../../../ingest/formats/row-reader.js';
import type { DimensionSpec } from '../../../ingest/spec/model.js';
import { randomOf } from '../../segment/mutation.js';

/** At scale factor 0.1. */
export const lineitemRows = 600_572;

const flags = ['A', 'N', 'R'];
const statuses = ['F', 'O'];
const instructions = ['COLLECT COD', 'DELIVER IN PERSON', 'NONE', 'TAKE BACK RETURN'];
const modes = ['AIR', 'FOB', 'MAIL', 'RAIL', 'REG AIR', 'SHIP', 'TRUCK'];
const words =
  'furiously quickly carefully blithely slyly regular final ironic even bold pending express special silent requests deposits packages accounts instructions foxes theodolites pinto beans among above along the across'.split(
    ' ',
  );

const text = (name: string): DimensionSpec => ({
  type: 'string',
  name,
  multiValueHandling: 'SORTED_ARRAY',
  createBitmapIndex: true,
});
const number = (type: 'long' | 'double', name: string): DimensionSpec => ({ type, name }) as DimensionSpec;

/** Beside `__time`, which is the ship date. */
export const lineitemDimensions: readonly DimensionSpec[] = [
  number('long', 'l_orderkey'),
  number('long', 'l_partkey'),
  number('long', 'l_suppkey'),
  number('long', 'l_linenumber'),
  number('double', 'l_quantity'),
  number('double', 'l_extendedprice'),
  number('double', 'l_discount'),
  number('double', 'l_tax'),
  text('l_returnflag'),
  text('l_linestatus'),
  text('l_commitdate'),
  text('l_receiptdate'),
  text('l_shipinstruct'),
  text('l_shipmode'),
  text('l_comment'),
];

export const lineitemStartMs = Date.UTC(1992, 0, 2);
const dayMs = 86_400_000;
export const lineitemDays = 2526;

export interface LineitemRow {
  readonly timeMs: number;
  readonly row: InputRow;
}

export function* lineitem(rows: number, seed = 1): Generator<LineitemRow> {
  const random = randomOf(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const pick = (from: readonly string[]) => from[below(from.length)] as string;
  const dateOf = (day: number) => new Date(lineitemStartMs + day * dayMs).toISOString().slice(0, 10);
  let order = 1;
  let line = 0;
  for (let made = 0; made < rows; made++) {
    if (line > below(7)) {
      order += below(8) === 0 ? 25 : 1;
      line = 0;
    }
    line++;
    const day = below(lineitemDays);
    const quantity = 1 + below(50);
    const part = 1 + below(20_000);
    const comment = Array.from({ length: 2 + below(5) }, () => pick(words)).join(' ');
    const fields = {
      l_orderkey: order,
      l_partkey: part,
      l_suppkey: 1 + below(1000),
      l_linenumber: line,
      l_quantity: quantity,
      l_extendedprice: (quantity * (90_000 + (part % 200) * 100 + (part % 1000))) / 100,
      l_discount: below(11) / 100,
      l_tax: below(9) / 100,
      l_returnflag: pick(flags),
      l_linestatus: pick(statuses),
      l_commitdate: dateOf(day + below(60)),
      l_receiptdate: dateOf(day + 1 + below(30)),
      l_shipinstruct: pick(instructions),
      l_shipmode: pick(modes),
      l_comment: comment,
    };
    yield { timeMs: lineitemStartMs + day * dayMs, row: { fields, doubleText: () => undefined } };
  }
}
