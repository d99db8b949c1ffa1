/** Filters in JSON paths: `?(@.price > 10 && !(@.name in ['a', 'b']))`. */
import { JavaPattern } from '../../query/regex/pattern.js';
import type { PathText } from './path-text.js';

/** `item`: the value tested (`@`), `root`: the document (`$`). */
export type FilterTest = (item: unknown, root: unknown) => boolean;

/** Reads a path behind `@` or `$`; the answer finds its value, undefined where there is nothing. */
export type ReadPath = (reader: PathText) => (from: unknown) => unknown;

/** Reads up to (not with) the closing parenthesis. */
export function parseFilter(reader: PathText, readPath: ReadPath): FilterTest {
  let left = parseAnd(reader, readPath);
  for (;;) {
    reader.blanks();
    if (!reader.take('||')) return left;
    const [a, b] = [left, parseAnd(reader, readPath)];
    left = (item, root) => a(item, root) || b(item, root);
  }
}

function parseAnd(reader: PathText, readPath: ReadPath): FilterTest {
  let left = parseNot(reader, readPath);
  for (;;) {
    reader.blanks();
    if (!reader.take('&&')) return left;
    const [a, b] = [left, parseNot(reader, readPath)];
    left = (item, root) => a(item, root) && b(item, root);
  }
}

function parseNot(reader: PathText, readPath: ReadPath): FilterTest {
  reader.blanks();
  if (reader.peek() === '!') {
    reader.skip(1);
    const inner = parseNot(reader, readPath);
    return (item, root) => !inner(item, root);
  }
  if (reader.take('(')) {
    const inner = parseFilter(reader, readPath);
    reader.blanks();
    reader.expect(')');
    return inner;
  }
  return parseComparison(reader, readPath);
}

/** Undefined: nothing there. */
interface Operand {
  readonly read: (item: unknown, root: unknown) => unknown;
  readonly isPath: boolean;
}

const symbols = ['==', '!=', '>=', '<=', '=~', '>', '<'] as const;
const words = [
  'in',
  'nin',
  'subsetof',
  'anyof',
  'noneof',
  'contains',
  'size',
  'empty',
  'all',
  'type',
] as const;
type Operator = (typeof symbols)[number] | (typeof words)[number];

function parseComparison(reader: PathText, readPath: ReadPath): FilterTest {
  const left = parseOperand(reader, readPath);
  reader.blanks();
  const operator: Operator | undefined =
    symbols.find((symbol) => reader.take(symbol)) ?? words.find((word) => reader.takeWord(word));
  if (operator === undefined) {
    // A path alone asks whether it is there.
    if (!left.isPath) reader.fail();
    return (item, root) => left.read(item, root) !== undefined;
  }
  const right = parseOperand(reader, readPath);
  return (item, root) => compare(operator, left.read(item, root), right.read(item, root));
}

function parseOperand(reader: PathText, readPath: ReadPath): Operand {
  reader.blanks();
  const first = reader.peek();
  if (first === '@' || first === '$') {
    reader.skip(1);
    const find = readPath(reader);
    return { read: (item, root) => find(first === '@' ? item : root), isPath: true };
  }
  const value = literal(reader);
  return { read: () => value, isPath: false };
}

function literal(reader: PathText): unknown {
  if (reader.peek() === "'" || reader.peek() === '"') return reader.quoted();
  if (reader.peek() === '/') return regex(reader);
  if (reader.take('[')) {
    const list: unknown[] = [];
    reader.blanks();
    while (!reader.take(']')) {
      list.push(literal(reader));
      reader.blanks();
      if (reader.take(',')) reader.blanks();
    }
    return list;
  }
  const number = reader.match(/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y);
  if (number !== undefined) return Number(number);
  if (reader.takeWord('true')) return true;
  if (reader.takeWord('false')) return false;
  if (reader.takeWord('null')) return null;
  return reader.fail();
}

function regex(reader: PathText): JavaPattern {
  const text = reader.match(/\/(?:[^/\\]|\\.)*\/[a-zA-Z]*/y) ?? reader.fail();
  const end = text.lastIndexOf('/');
  const flags = text.slice(end + 1).replace(/[^ims]/g, '');
  const inline = flags === '' ? '' : `(?${flags})`;
  try {
    return new JavaPattern(inline + text.slice(1, end));
  } catch {
    return reader.fail();
  }
}

function compare(operator: Operator, left: unknown, right: unknown): boolean {
  switch (operator) {
    case '==':
      return isSame(left, right);
    case '!=':
      return !isSame(left, right);
    case '>':
      return order(left, right) > 0;
    case '>=':
      return order(left, right) >= 0;
    case '<':
      return order(left, right) < 0;
    case '<=':
      return order(left, right) <= 0;
    case '=~':
      return right instanceof JavaPattern && typeof left === 'string' && right.matches(left);
    case 'in':
      return listOf(right).some((item) => isSame(left, item));
    case 'nin':
      return !listOf(right).some((item) => isSame(left, item));
    case 'subsetof':
      return Array.isArray(left) && left.every((item) => listOf(right).some((other) => isSame(item, other)));
    case 'anyof':
      return listOf(left).some((item) => listOf(right).some((other) => isSame(item, other)));
    case 'noneof':
      return !listOf(left).some((item) => listOf(right).some((other) => isSame(item, other)));
    case 'all':
      return listOf(right).every((item) => listOf(left).some((other) => isSame(item, other)));
    case 'contains':
      if (typeof left === 'string') return typeof right === 'string' && left.includes(right);
      return listOf(left).some((item) => isSame(item, right));
    case 'size':
      return (Array.isArray(left) || typeof left === 'string') && left.length === Number(right);
    case 'empty':
      return (Array.isArray(left) || typeof left === 'string') && (left.length === 0) === (right === true);
    case 'type':
      return typeof left === right;
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isSame(left: unknown, right: unknown): boolean {
  if (left === undefined || right === undefined) return false;
  const isNumber = (value: unknown): boolean => typeof value === 'number' || typeof value === 'bigint';
  // eslint-disable-next-line eqeqeq -- a long and a double of the same value
  if (isNumber(left) && isNumber(right)) return left == right;
  if (typeof left === 'object' && left !== null && typeof right === 'object' && right !== null) {
    const [a, b] = [Object.entries(left), Object.entries(right)];
    const other = right as Readonly<Record<string, unknown>>;
    return a.length === b.length && a.every(([name, value]) => isSame(value, other[name]));
  }
  return left === right;
}

/** NaN: not comparable. */
function order(left: unknown, right: unknown): number {
  const isNumber = (value: unknown): value is number | bigint =>
    typeof value === 'number' || typeof value === 'bigint';
  if (isNumber(left) && isNumber(right)) return left < right ? -1 : left > right ? 1 : 0;
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0;
  return Number.NaN;
}
