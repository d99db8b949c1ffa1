/**
 * parquet, row group by row group. The one importer of hyparquet (pure JavaScript, reads only what is asked for).
 * Times arrive as milliseconds, decimals as doubles, other bytes as base64 (as text with `binaryAsString`).
 */
import {
  parquetMetadataAsync,
  parquetReadObjects,
  snappyUncompress,
  type AsyncBuffer,
  type SchemaElement,
} from 'hyparquet';
import { CodedError, invalidInput } from '../../proto/errors.js';
import { flattener, type Flattener } from '../flatten/flatten.js';
import { checkFlatten } from '../spec/flatten.js';
import type { JsonKeys } from '../spec/keys.js';
import type { FileFormat, FormatKind, RandomAccess, Wanted } from './format.js';
import { pageCodecs } from './parquet-codecs.js';
import { setField, TypedRow, type InputRow, type NumberKinds } from './row-reader.js';

export const parquetFormat: FormatKind = {
  type: 'parquet',
  parse(keys: JsonKeys): FileFormat {
    const flatten = checkFlatten(keys, 'nested');
    const binaryAsString = keys.flag('binaryAsString', false);
    keys.leftovers();
    return {
      type: 'parquet',
      by: 'file',
      rows(file, wanted) {
        const flat = flatten === undefined ? undefined : flattener(flatten, wanted);
        // Paths may begin anywhere.
        const isAll = wanted.others || flatten !== undefined;
        return readParquet(file, isAll ? undefined : wanted, flat, binaryAsString);
      },
    };
  },
};

const ROWS_AT_ONCE = 4096;
const compressors = pageCodecs(snappyUncompress);
async function* readParquet(
  file: RandomAccess,
  wanted: Wanted | undefined,
  flat: Flattener | undefined,
  binaryAsString: boolean,
): AsyncGenerator<readonly (InputRow | string)[]> {
  const buffer: AsyncBuffer = {
    byteLength: file.sizeBytes,
    slice: async (start, end = file.sizeBytes) => {
      const from = start < 0 ? file.sizeBytes + start : start;
      const bytes = await file.slice(from, end);
      return bytes.buffer as ArrayBuffer;
    },
  };
  const metadata = await decoded(() => parquetMetadataAsync(buffer));
  const present = topLevel(metadata.schema);
  const names = present.map(({ name }) => name);
  const asked = wanted === undefined ? names : names.filter((name) => wanted.names.has(name));
  // Rows of which nothing is asked still count.
  const columns = asked.length === 0 ? names.slice(0, 1) : asked;
  const kinds = new Map(
    present.flatMap(({ name, kind }) => (kind === undefined ? [] : [[name, kind] as const])),
  );
  const total = Number(metadata.num_rows);
  for (let rowStart = 0; rowStart < total; rowStart += ROWS_AT_ONCE) {
    const rowEnd = Math.min(total, rowStart + ROWS_AT_ONCE);
    const rows = await decoded(() =>
      parquetReadObjects({
        file: buffer,
        metadata,
        columns,
        rowStart,
        rowEnd,
        compressors,
        parsers,
        utf8: binaryAsString,
      }),
    );
    for (const { name, scale } of present) {
      if (scale !== undefined) for (const row of rows) row[name] = exactDecimal(row[name], scale);
    }
    yield rows.map((row) => rowOf(row, kinds, flat));
  }
}

/** Times as milliseconds; bytes that are no text stay bytes until they are written down. */
const parsers = {
  timestampFromMilliseconds: (millis: bigint) => Number(millis),
  timestampFromMicroseconds: (micros: bigint) => Number(micros / 1000n),
  timestampFromNanoseconds: (nanos: bigint) => Number(nanos / 1_000_000n),
  dateFromDays: (days: number) => days * 86_400_000,
} as never;

type Kind = 'float' | 'double';

/** The decoder multiplies by 0.01 and the like, which gives 0.30000000000000004 for 0.3; dividing does not. */
function exactDecimal(value: unknown, scale: number): unknown {
  if (typeof value !== 'number') return value;
  const whole = Math.round(value * 10 ** scale);
  return Number.isSafeInteger(whole) ? whole / 10 ** scale : value;
}

interface TopColumn {
  readonly name: string;
  readonly kind: Kind | undefined;
  /** Digits behind the point of a decimal. */
  readonly scale: number | undefined;
}

/** The columns of a row; nested ones without a kind. */
function topLevel(schema: readonly SchemaElement[]): TopColumn[] {
  const found: TopColumn[] = [];
  let at = 1;
  const skip = (): void => {
    const { num_children: children = 0 } = schema[at++] ?? {};
    for (let i = 0; i < children; i++) skip();
  };
  while (at < schema.length) {
    const { name = '', type, converted_type: meaning, scale } = schema[at] ?? {};
    const isDecimal = meaning === 'DECIMAL';
    const kind = type === 'DOUBLE' || isDecimal ? 'double' : type === 'FLOAT' ? 'float' : undefined;
    found.push({ name, kind, scale: isDecimal ? (scale ?? 0) : undefined });
    skip();
  }
  return found;
}

/** Whatever goes wrong inside the decoder, the file is to blame. */
async function decoded<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (thrown) {
    if (thrown instanceof CodedError) throw thrown;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw invalidInput(`no parquet file that can be read: ${reason.slice(0, 200)}`, 'parquet');
  }
}

function rowOf(
  row: Readonly<Record<string, unknown>>,
  kinds: NumberKinds,
  flat: Flattener | undefined,
): InputRow | string {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row)) setField(fields, name, plain(value));
  try {
    return new TypedRow(flat === undefined ? fields : flat.flatten(fields), kinds);
  } catch (thrown) {
    if (thrown instanceof CodedError) return thrown.message;
    throw thrown;
  }
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') {
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  }
  if (value === undefined) return null;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Date) return value.getTime();
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}
