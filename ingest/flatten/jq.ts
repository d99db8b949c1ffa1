/**
 * jq expressions of flattenSpec fields. A subset: paths (`.a.b`, `."a b"`, `.a[0]`, `.a[1:3]`, `.[]`, `..`, `?`), pipes,
 * commas, lists, objects, `"\(…)"`, arithmetic, comparisons, `and or not`, `//`, `if`, and the functions of
 * `jq-functions.ts`. No variables, `reduce`, `foreach`, `def` or `try`: such texts are refused when a task is submitted.
 */
import { invalidInput } from '../../proto/errors.js';
import { compareValues, jqFunction, jqText, type JqCall } from './jq-functions.js';
import { parseJq, type JqNode } from './jq-parser.js';

type Run = (input: unknown) => Iterable<unknown>;

const OUTPUTS_MAX = 100_000;

/** The first output for a document. Throws InvalidInput for bad texts at once, and later for documents that don't fit. */
export function jqFirst(text: string): (root: unknown) => unknown {
  const run = compile(parseJq(text));
  return (root) => {
    for (const output of guarded(run, root)) return output;
    throw invalidInput(`jq[${text}] gives nothing`, 'expr');
  };
}

/** Functions of the platform complain in their own way of texts that are no JSON, and of documents without end. */
function* guarded(run: Run, root: unknown): Generator<unknown> {
  try {
    yield* run(root);
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError || thrown instanceof RangeError)) throw thrown;
    throw invalidInput(`jq: ${thrown.message.slice(0, 100)}`, 'expr');
  }
}

function compile(node: JqNode): Run {
  switch (node.kind) {
    case 'identity':
      return (input) => [input];
    case 'recurse':
      return everything;
    case 'literal':
      return () => [node.value];
    case 'text':
      return joined(node.parts.map((part) => (typeof part === 'string' ? part : compile(part))));
    case 'field':
      return field(compile(node.of), compile(node.name), node.quiet);
    case 'slice':
      return slice(
        compile(node.of),
        node.from === undefined ? undefined : compile(node.from),
        node.to === undefined ? undefined : compile(node.to),
      );
    case 'each':
      return each(compile(node.of), node.quiet);
    case 'list': {
      const of = node.of === undefined ? undefined : compile(node.of);
      return (input) => [of === undefined ? [] : bounded(of(input))];
    }
    case 'object':
      return object(node.entries.map(([key, value]) => [compile(key), compile(value)] as const));
    case 'negative': {
      const of = compile(node.of);
      return function* negate(input) {
        for (const value of of(input)) yield calculate('-', 0, value);
      };
    }
    case 'binary':
      return binary(node.operator, compile(node.left), compile(node.right));
    case 'call': {
      const call: JqCall = jqFunction(node.name, node.args.map(compile));
      return call;
    }
    case 'if': {
      const [test, yes, no] = [compile(node.test), compile(node.yes), compile(node.no)];
      return function* choose(input) {
        for (const value of test(input)) yield* (isTrue(value) ? yes : no)(input);
      };
    }
  }
}

export function isTrue(value: unknown): boolean {
  return value !== null && value !== false;
}

function bounded(values: Iterable<unknown>): unknown[] {
  const list: unknown[] = [];
  for (const value of values) {
    if (list.length >= OUTPUTS_MAX) throw invalidInput('jq gives too many values', 'expr');
    list.push(value);
  }
  return list;
}

function* everything(input: unknown): Generator<unknown> {
  yield input;
  if (typeof input === 'object' && input !== null) {
    for (const inner of Object.values(input)) yield* everything(inner);
  }
}

function joined(parts: readonly (string | Run)[]): Run {
  return (input) => {
    let text = '';
    for (const part of parts) {
      if (typeof part === 'string') text += part;
      else for (const value of part(input)) text += jqText(value);
    }
    return [text];
  };
}

function field(of: Run, name: Run, quiet: boolean): Run {
  return function* find(input) {
    for (const holder of of(input)) {
      for (const key of name(input)) {
        const found = member(holder, key);
        if (found !== undefined) yield found;
        else if (!quiet) throw invalidInput(`jq: no field[${jqText(key)}] in a ${typeOf(holder)}`, 'expr');
      }
    }
  };
}

/** Undefined where jq fails. */
function member(holder: unknown, key: unknown): unknown {
  if (holder === null) return null;
  if (Array.isArray(holder)) {
    if (typeof key !== 'number') return undefined;
    const list = holder as readonly unknown[];
    return list[Math.floor(key < 0 ? list.length + key : key)] ?? null;
  }
  if (typeof holder !== 'object' || typeof key !== 'string') return undefined;
  return Object.hasOwn(holder, key) ? (holder as Readonly<Record<string, unknown>>)[key] : null;
}

function slice(of: Run, from: Run | undefined, to: Run | undefined): Run {
  const ends = (run: Run | undefined, input: unknown): Iterable<unknown> =>
    run === undefined ? [undefined] : run(input);
  return function* cut(input) {
    for (const holder of of(input)) {
      for (const end of ends(to, input)) {
        for (const start of ends(from, input)) {
          if (holder === null) yield null;
          else if (Array.isArray(holder) || typeof holder === 'string') {
            yield holder.slice(
              start === undefined || start === null ? undefined : Math.floor(Number(start)),
              end === undefined || end === null ? undefined : Math.ceil(Number(end)),
            ) as unknown;
          } else throw invalidInput(`jq: no slices of a ${typeOf(holder)}`, 'expr');
        }
      }
    }
  };
}

function each(of: Run, quiet: boolean): Run {
  return function* iterate(input) {
    for (const holder of of(input)) {
      if (typeof holder === 'object' && holder !== null) yield* Object.values(holder);
      else if (!quiet) throw invalidInput(`jq: can't go through a ${typeOf(holder)}`, 'expr');
    }
  };
}

function object(entries: readonly (readonly [Run, Run])[]): Run {
  return function* build(input) {
    let all: Record<string, unknown>[] = [{}];
    for (const [key, value] of entries) {
      const next: Record<string, unknown>[] = [];
      for (const name of key(input)) {
        for (const inner of value(input))
          for (const base of all) next.push({ ...base, [jqText(name)]: inner });
      }
      if (next.length > OUTPUTS_MAX) throw invalidInput('jq gives too many values', 'expr');
      all = next;
    }
    yield* all;
  };
}

function binary(operator: string, left: Run, right: Run): Run {
  switch (operator) {
    case '|':
      return function* pipe(input) {
        for (const value of left(input)) yield* right(value);
      };
    case ',':
      return function* both(input) {
        yield* left(input);
        yield* right(input);
      };
    case '//':
      return function* alternative(input) {
        const good = bounded(left(input)).filter(isTrue);
        if (good.length > 0) yield* good;
        else yield* right(input);
      };
    case 'and':
    case 'or':
      return function* logic(input) {
        for (const value of left(input)) {
          if (isTrue(value) === (operator === 'or')) yield operator === 'or';
          else for (const other of right(input)) yield isTrue(other);
        }
      };
    default:
      return function* combine(input) {
        for (const b of right(input)) for (const a of left(input)) yield calculate(operator, a, b);
      };
  }
}

function calculate(operator: string, a: unknown, b: unknown): unknown {
  switch (operator) {
    case '==':
      return compareValues(a, b) === 0;
    case '!=':
      return compareValues(a, b) !== 0;
    case '<':
      return compareValues(a, b) < 0;
    case '<=':
      return compareValues(a, b) <= 0;
    case '>':
      return compareValues(a, b) > 0;
    case '>=':
      return compareValues(a, b) >= 0;
    case '+':
      if (a === null) return b;
      if (b === null) return a;
      if (typeof a === 'string' && typeof b === 'string') return a + b;
      if (Array.isArray(a) && Array.isArray(b)) return [...(a as unknown[]), ...(b as unknown[])];
      if (typeOf(a) === 'object' && typeOf(b) === 'object') return { ...(a as object), ...(b as object) };
      break;
    case '-':
      if (Array.isArray(a) && Array.isArray(b)) {
        return (a as unknown[]).filter((item) => !b.some((other) => compareValues(item, other) === 0));
      }
      break;
    case '/':
      if (typeof a === 'string' && typeof b === 'string') return a.split(b);
      break;
    case '*':
      if (typeof a === 'string' && typeof b === 'number') return b > 0 ? a.repeat(Math.min(b, 1000)) : null;
  }
  return arithmetic(operator, a, b);
}

const toBig = (value: number | bigint): bigint => BigInt(value);

function arithmetic(operator: string, a: unknown, b: unknown): unknown {
  const isNumber = (value: unknown): value is number | bigint =>
    typeof value === 'number' || typeof value === 'bigint';
  if (!isNumber(a) || !isNumber(b)) {
    throw invalidInput(`jq: ${typeOf(a)} ${operator} ${typeOf(b)} is not defined`, 'expr');
  }
  const whole =
    (typeof a === 'bigint' || Number.isInteger(a)) && (typeof b === 'bigint' || Number.isInteger(b));
  if (whole && operator !== '/') {
    if (operator === '%' && Number(b) === 0)
      throw invalidInput('jq: remainder of a division by zero', 'expr');
    const [x, y] = [toBig(a), toBig(b)];
    const exact = operator === '+' ? x + y : operator === '-' ? x - y : operator === '*' ? x * y : x % y;
    return exact >= -(2n ** 53n) && exact <= 2n ** 53n ? Number(exact) : exact;
  }
  const [x, y] = [Number(a), Number(b)];
  if (operator === '/') {
    if (y === 0) throw invalidInput('jq: division by zero', 'expr');
    return x / y;
  }
  return operator === '+'
    ? x + y
    : operator === '-'
      ? x - y
      : operator === '*'
        ? x * y
        : Math.trunc(x) % Math.trunc(y);
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  return typeof value === 'bigint' ? 'number' : typeof value;
}
