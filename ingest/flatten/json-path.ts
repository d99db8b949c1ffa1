/**
 * JSON paths of flattenSpec fields, as Jayway's JsonPath reads them: `$.a.b`, `$['a','b']`, `[0]`, `[-1]`, `[0,2]`,
 * `[1:3]`, `[*]`, `.*`, `..name`, `[?(@.price > 10 && @.name =~ /x.*\/i)]`, and a function at the end
 * (`length() min() max() avg() sum() stddev() keys() first() last() index(n) concat("…") append(n)`).
 */
import { parseFilter, type FilterTest } from './json-path-filter.js';
import { pathFunction, type PathFunction } from './json-path-functions.js';
import { PathText } from './path-text.js';

/** What a path finds in a document; null when it finds nothing. Paths that may find several answer a list. */
export interface JsonPath {
  find(root: unknown): unknown;
  /** The answer is a double whatever it looks like. */
  readonly givesDouble: boolean;
}

type Step =
  | { readonly kind: 'names'; readonly names: readonly string[] }
  | { readonly kind: 'indexes'; readonly indexes: readonly number[] }
  | { readonly kind: 'slice'; readonly from: number | undefined; readonly to: number | undefined }
  | { readonly kind: 'any' }
  | { readonly kind: 'deep' }
  | { readonly kind: 'filter'; readonly test: FilterTest };

/** Throws InvalidInput for texts that are no path. A path that begins with neither `$` nor `@` is taken as `$.path`. */
export function jsonPath(text: string): JsonPath {
  const trimmed = text.trim();
  const full = /^[$@]/.test(trimmed) ? trimmed : `$.${trimmed}`;
  const reader = new PathText(full, text);
  reader.skip(1);
  const { steps, call } = parseSteps(reader);
  if (!reader.atEnd()) reader.fail();
  return compilePath(steps, call);
}

interface Parsed {
  readonly steps: readonly Step[];
  readonly call: PathFunction | undefined;
}

/** Steps behind `$` or `@`, up to what can't be part of a path. */
function parseSteps(reader: PathText): Parsed {
  const steps: Step[] = [];
  for (;;) {
    if (reader.take('..')) {
      steps.push({ kind: 'deep' });
      if (reader.peek() === '[') continue;
      steps.push(reader.take('*') ? { kind: 'any' } : { kind: 'names', names: [reader.name()] });
    } else if (reader.peek() === '[') {
      steps.push(bracketStep(reader));
    } else if (reader.peek() === '.') {
      reader.skip(1);
      if (reader.take('*')) steps.push({ kind: 'any' });
      else {
        if (reader.peek() === '[') continue;
        const name = reader.name();
        if (reader.peek() === '(') return { steps, call: pathFunction(name, reader) };
        steps.push({ kind: 'names', names: [name] });
      }
    } else return { steps, call: undefined };
  }
}

/** A path inside a filter. */
function readPath(reader: PathText): (from: unknown) => unknown {
  const { steps, call } = parseSteps(reader);
  const path = compilePath(steps, call);
  return (from) => (call === undefined && !exists(from, steps) ? undefined : path.find(from));
}

/** A path of names has to be there to its end; others are there when they find something. */
function exists(from: unknown, steps: readonly Step[]): boolean {
  let at = from;
  for (const step of steps) {
    if (step.kind !== 'names' || step.names.length !== 1) break;
    const [name = ''] = step.names;
    if (typeof at !== 'object' || at === null || Array.isArray(at) || !Object.hasOwn(at, name)) return false;
    at = (at as Readonly<Record<string, unknown>>)[name];
  }
  return true;
}

function bracketStep(reader: PathText): Step {
  reader.expect('[');
  reader.blanks();
  if (reader.take('*')) {
    reader.blanks();
    reader.expect(']');
    return { kind: 'any' };
  }
  if (reader.take('?')) {
    reader.blanks();
    reader.expect('(');
    const test = parseFilter(reader, readPath);
    reader.blanks();
    reader.expect(')');
    reader.blanks();
    reader.expect(']');
    return { kind: 'filter', test };
  }
  if (reader.peek() === "'" || reader.peek() === '"') return namesStep(reader);
  return indexStep(reader);
}

function namesStep(reader: PathText): Step {
  const names: string[] = [];
  do {
    reader.blanks();
    names.push(reader.quoted());
    reader.blanks();
  } while (reader.take(','));
  reader.expect(']');
  return { kind: 'names', names };
}

function indexStep(reader: PathText): Step {
  const body = reader.until(']').trim();
  const slice = /^(-?\d{1,9})?\s*:\s*(-?\d{1,9})?$/.exec(body);
  if (slice !== null) {
    const [, from, to] = slice;
    return {
      kind: 'slice',
      from: from === undefined ? undefined : Number(from),
      to: to === undefined ? undefined : Number(to),
    };
  }
  if (!/^-?\d{1,9}(?:\s*,\s*-?\d{1,9})*$/.test(body)) reader.fail();
  return { kind: 'indexes', indexes: body.split(',').map(Number) };
}

/** Steps that can find several values: the answer is a list then. */
function isIndefinite(steps: readonly Step[]): boolean {
  return steps.some(
    (step, i) =>
      step.kind === 'any' ||
      step.kind === 'deep' ||
      step.kind === 'filter' ||
      step.kind === 'slice' ||
      (step.kind === 'indexes' && step.indexes.length > 1) ||
      (step.kind === 'names' && step.names.length > 1 && i < steps.length - 1),
  );
}

function compilePath(steps: readonly Step[], call: PathFunction | undefined): JsonPath {
  const isList = isIndefinite(steps);
  const find = (root: unknown): unknown => {
    const found: unknown[] = [];
    walk(root, steps, 0, root, found);
    return isList ? found : (found[0] ?? null);
  };
  if (call === undefined) return { find, givesDouble: false };
  return { find: (root) => call.apply(find(root), root), givesDouble: call.givesDouble };
}

const FOUND_MAX = 1_000_000;

function walk(value: unknown, steps: readonly Step[], at: number, root: unknown, found: unknown[]): void {
  const step = steps[at];
  if (step === undefined) {
    if (found.length < FOUND_MAX) found.push(value);
    return;
  }
  const next = (inner: unknown): void => walk(inner, steps, at + 1, root, found);
  switch (step.kind) {
    case 'names':
      return byNames(value, step.names, at === steps.length - 1, next);
    case 'indexes':
      if (Array.isArray(value)) {
        for (const index of step.indexes) {
          const place = index < 0 ? value.length + index : index;
          if (place >= 0 && place < value.length) next(value[place]);
        }
      }
      return;
    case 'slice':
      if (Array.isArray(value)) for (const item of sliced(value, step.from, step.to)) next(item);
      return;
    case 'any':
      for (const inner of children(value)) next(inner);
      return;
    case 'deep':
      return deep(value, steps, at + 1, root, found);
    case 'filter':
      // Of a list the items are tested, an object as a whole.
      for (const item of Array.isArray(value) ? value : [value]) if (step.test(item, root)) next(item);
  }
}

/** The node itself and all below it, outer ones first; a name has to be there. */
function deep(value: unknown, steps: readonly Step[], at: number, root: unknown, found: unknown[]): void {
  if (typeof value !== 'object' || value === null) return;
  const step = steps[at];
  const fits =
    step?.kind === 'names'
      ? !Array.isArray(value) && step.names.every((name) => Object.hasOwn(value, name))
      : step?.kind === 'filter' || step?.kind === 'indexes' || step?.kind === 'slice'
        ? Array.isArray(value)
        : true;
  if (fits) walk(value, steps, at, root, found);
  for (const inner of children(value)) deep(inner, steps, at, root, found);
}

function children(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
}

function byNames(
  value: unknown,
  names: readonly string[],
  isLast: boolean,
  next: (inner: unknown) => void,
): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  const object = value as Readonly<Record<string, unknown>>;
  if (names.length > 1 && isLast) {
    const kept = names.filter((name) => Object.hasOwn(object, name));
    return next(Object.fromEntries(kept.map((name) => [name, object[name]])));
  }
  for (const name of names) {
    // Druid's provider answers null for a name that is not there.
    if (Object.hasOwn(object, name)) next(object[name]);
    else if (isLast) next(null);
  }
}

function sliced(
  list: readonly unknown[],
  from: number | undefined,
  to: number | undefined,
): readonly unknown[] {
  const start = from === undefined ? 0 : from < 0 ? Math.max(0, list.length + from) : from;
  const end = to === undefined ? list.length : to < 0 ? list.length + to : to;
  return list.slice(start, Math.max(start, end));
}
