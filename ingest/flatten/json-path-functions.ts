/** Functions at the end of a JSON path. */
import type { PathText } from './path-text.js';

export interface PathFunction {
  readonly givesDouble: boolean;
  /** Of the value the path found. Throws InvalidInput where Druid fails as well: sums of nothing. */
  apply(value: unknown, root: unknown): unknown;
}

type Argument = string | number;

/** Reads the arguments in parentheses. */
export function pathFunction(name: string, reader: PathText): PathFunction {
  const args = argumentsOf(reader);
  switch (name) {
    case 'length':
    case 'size':
      return plain((value) => {
        if (Array.isArray(value)) return value.length;
        return typeof value === 'object' && value !== null ? Object.keys(value).length : null;
      });
    case 'keys':
      return plain((value) =>
        typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : null,
      );
    case 'min':
    case 'max':
    case 'sum':
    case 'avg':
    case 'stddev':
      return {
        givesDouble: true,
        apply: (value) => aggregate(name, numbersOf(value, args)),
      };
    case 'first':
      return plain((value) => (Array.isArray(value) ? (value[0] ?? null) : null));
    case 'last':
      return plain((value) => (Array.isArray(value) ? (value.at(-1) ?? null) : null));
    case 'index':
      return plain((value) =>
        Array.isArray(value) && typeof args[0] === 'number' ? (value.at(args[0]) ?? null) : null,
      );
    case 'concat':
      return plain((value) => [...textsOf(value), ...args.map(String)].join(''));
    case 'append':
      return plain((value) => (Array.isArray(value) ? [...(value as unknown[]), ...args] : value));
    default:
      return reader.fail();
  }
}

function plain(apply: (value: unknown) => unknown): PathFunction {
  return { givesDouble: false, apply };
}

function argumentsOf(reader: PathText): Argument[] {
  reader.expect('(');
  const args: Argument[] = [];
  reader.blanks();
  while (!reader.take(')')) {
    if (reader.peek() === "'" || reader.peek() === '"') args.push(reader.quoted());
    else {
      const number = reader.match(/-?\d+(?:\.\d+)?/y) ?? reader.fail();
      args.push(Number(number));
    }
    reader.blanks();
    if (reader.take(',')) reader.blanks();
  }
  return args;
}

function numbersOf(value: unknown, args: readonly Argument[]): number[] {
  const own = Array.isArray(value) ? (value as unknown[]) : [];
  return [...own, ...args]
    .filter((item): item is number | bigint => typeof item === 'number' || typeof item === 'bigint')
    .map(Number);
}

function textsOf(value: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((item): item is string => typeof item === 'string');
}

/** Null for no numbers: Druid's parser suppresses the error. */
function aggregate(name: string, numbers: readonly number[]): number | null {
  if (numbers.length === 0) return null;
  const sum = numbers.reduce((total, number) => total + number, 0);
  switch (name) {
    case 'min':
      return numbers.reduce((least, number) => Math.min(least, number));
    case 'max':
      return numbers.reduce((most, number) => Math.max(most, number));
    case 'sum':
      return sum;
    case 'avg':
      return sum / numbers.length;
    default: {
      const squares = numbers.reduce((total, number) => total + number * number, 0);
      return Math.sqrt(squares / numbers.length - (sum * sum) / numbers.length / numbers.length);
    }
  }
}
