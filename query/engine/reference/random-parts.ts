/** Random filters, virtual columns, aggregators and post-aggregators over the columns of a random table. */
import type { Aggregator, Filter } from '../../native/model.js';
import { isArray, type Kinds } from '../naive.js';
import { selectable, type Chance } from '../random-queries.js';
import type { AskedPost, AskedVirtual } from './asked.js';
import { asFilter } from './asked-filter.js';
import { foldAggregator, folds } from './folds.js';
import { arrayTypeOf, metrics, randomArray, startMs, texts } from './random-world.js';

type Kind = Kinds[string];

export const namesOf = (kinds: Kinds, ...of: readonly Kind[]): string[] =>
  Object.keys(kinds).filter(
    (name) => name !== '__time' && !Object.hasOwn(metrics, name) && of.includes(kinds[name] ?? 'sketch'),
  );

/** All that can be grouped by, filtered and searched. */
export const plainNames = (kinds: Kinds): string[] =>
  namesOf(kinds, 'long', 'double', 'float', 'string', 'strings');

const quoted = (name: string): string => `"${name}"`;

/** What a filter says of null over a filtered list depends on whether there is an index of values, as in Druid. */
export const filterable = (kinds: Kinds): Kinds =>
  Object.fromEntries(
    Object.entries(kinds).filter(([name, kind]) => !(/^v\d/.test(name) && kind === 'strings')),
  );

/** Up to three columns computed from single-valued ones, or filtered from one of several values. */
export function randomVirtual(chance: Chance, kinds: Kinds): AskedVirtual[] {
  const made: AskedVirtual[] = [];
  const count = chance.next() < 0.5 ? 0 : 1 + chance.below(3);
  for (let i = 0; i < count; i++) {
    const base = chance.pick(plainNames(kinds));
    if (base !== undefined) made.push(virtualOver(chance, base, kinds[base] ?? 'string', `v${i}`));
  }
  return made;
}

function virtualOver(chance: Chance, base: string, kind: Kind, name: string): AskedVirtual {
  const column = quoted(base);
  const computed = (
    outputType: 'LONG' | 'DOUBLE' | 'STRING',
    ...expressions: readonly string[]
  ): AskedVirtual => ({ type: 'expression', name, expression: chance.pick(expressions), outputType });
  switch (kind) {
    case 'strings':
      return {
        type: 'mv-filtered',
        name,
        delegate: base,
        values: [chance.pick(texts), 'a', '9'],
        isAllowList: chance.next() < 0.5,
      };
    case 'string':
      return chance.next() < 0.3
        ? computed('LONG', `strlen(${column})`, `nvl(strlen(${column}), 7)`)
        : computed(
            'STRING',
            `concat(${column}, '-')`,
            `nvl(upper(${column}), 'none')`,
            `substring(${column}, 0, 2)`,
            `case_searched(${column} > 'b', 'late', ${column} == 'a', 'first', null)`,
          );
    case 'long':
      return chance.next() < 0.3
        ? computed('STRING', `case_searched(${column} > 3, 'big', 'small')`, `cast(${column}, 'STRING')`)
        : computed('LONG', `${column} + 1`, `${column} * 2 - 7`, `nvl(${column}, 3)`);
    default:
      return computed('DOUBLE', `${column} / 2`, `nvl(${column}, 1.5)`, `${column} * ${column}`);
  }
}

function randomLeaf(chance: Chance, kinds: Kinds): Filter {
  const column = chance.pick([...plainNames(kinds), 'missing']);
  const text = chance.pick(texts.slice(0, 8));
  if (chance.next() < 0.2) return listLeaf(chance, kinds, column);
  switch (chance.below(11)) {
    case 0:
      return { type: 'selector', dimension: column, value: chance.maybe(selectable(kinds[column], text)) };
    case 1:
      return { type: 'in', dimension: column, values: [text, chance.maybe('9', 0.5), '10'] };
    case 2:
      return { type: 'null', column };
    case 3:
      return { type: 'equals', column, matchValueType: 'STRING', matchValue: text };
    case 4:
      return {
        type: 'range',
        column,
        matchValueType: 'DOUBLE',
        lower: chance.maybe(-3, 0.3) ?? undefined,
        upper: 9.5,
        lowerOpen: chance.next() < 0.5,
        upperOpen: chance.next() < 0.5,
      };
    case 5:
      return {
        type: 'like',
        dimension: column,
        pattern: chance.pick(['%', '_', '1%', '%e%']),
        escape: undefined,
      };
    case 6:
      return { type: 'regex', dimension: column, pattern: chance.pick(['^[a-r]', '\\d$', '.']) };
    case 7:
      return {
        type: 'search',
        dimension: column,
        query: { type: 'contains', value: chance.pick(['E', '1']), caseSensitive: chance.next() < 0.5 },
      };
    case 8:
      return { type: 'expression', expression: randomCondition(chance, kinds) };
    default: {
      const bound = {
        type: 'bound',
        // What a bound says of null depends on how a column is read: computed, or of several values.
        dimension: /^v\d|^e$/.test(column) || kinds[column] === 'strings' ? 'missing' : column,
        lower: chance.maybe('-3', 0.4) ?? undefined,
        upper: chance.pick(['9', 'b', '10']),
        lowerStrict: chance.next() < 0.5,
        upperStrict: chance.next() < 0.5,
        ordering: chance.pick(['lexicographic', 'numeric', 'strlen'] as const),
      } as const;
      // By an index null is unknown, row by row it is outside; which it is depends on the filters around it.
      return kinds[column] === 'string' ? { type: 'istrue', field: bound } : bound;
    }
  }
}

const shortTimes = [
  '1970-01-01T00:00:00.001Z/1970-01-01T00:00:00.010Z',
  '1969-12-31T23:59:59.997Z/1970-01-01T00:00:00.002Z',
  '1970-01-01T00:00:00.009Z/1970-01-01T00:00:00.009Z',
] as const;

/** Over intervals, elements and whole arrays. */
function listLeaf(chance: Chance, kinds: Kinds, column: string): Filter {
  const arrays = Object.keys(kinds).filter((name) => isArray(kinds[name]));
  const list = arrays.length === 0 ? undefined : chance.pick(arrays);
  if (list === undefined || chance.next() < 0.3) {
    const isTime = Object.hasOwn(kinds, '__time') && chance.next() < 0.5;
    const day = (at: number): string => new Date(startMs + at * 3_600_000).toISOString();
    const from = chance.below(96);
    const times = [`${day(from)}/${day(from + chance.below(40))}`, `${day(0)}/${day(chance.below(20))}`];
    const some = chance.next() < 0.5 ? 1 : 2;
    if (chance.next() < 0.3) return elementLeaf(chance, column, kinds[column]);
    return asFilter({
      type: 'interval',
      dimension: isTime ? '__time' : column,
      intervals: isTime ? times.slice(0, some) : Array.from({ length: some }, () => chance.pick(shortTimes)),
    });
  }
  const kind = kinds[list];
  const matchValueType = arrayTypeOf(kind);
  const array = (): readonly (bigint | number | string | null)[] => randomArray(chance, kind);
  switch (chance.below(5)) {
    case 0:
      return asFilter({ type: 'equals', column: list, matchValueType, matchValue: array() });
    case 1:
      return asFilter({
        type: 'inType',
        column: list,
        matchValueType,
        sortedValues: [array()].slice(chance.below(2)),
      });
    case 2: {
      const ends = { lower: chance.maybe(array(), 0.3) ?? undefined, upper: array() };
      const lowerOpen = chance.next() < 0.5;
      return asFilter({
        type: 'range',
        column: list,
        matchValueType,
        ...ends,
        lowerOpen,
        upperOpen: chance.next() < 0.5,
      });
    }
    case 3:
      return { type: 'null', column: list };
    default:
      return elementLeaf(chance, list, kind);
  }
}

function elementLeaf(chance: Chance, column: string, kind: Kind | undefined): Filter {
  const isText = kind === undefined || kind.startsWith('string');
  const type = isText ? 'STRING' : chance.pick(['LONG', 'DOUBLE'] as const);
  const value = isText
    ? chance.pick(['a', 'b', '10', ''])
    : type === 'LONG'
      ? chance.pick([1n, 10n, -5n])
      : chance.pick([1.5, 10, -3]);
  return asFilter({
    type: 'arrayContainsElement',
    column,
    elementMatchValueType: type,
    elementMatchValue: chance.maybe<bigint | number | string>(value),
  });
}

/** Over one column, or two, of single values. */
function randomCondition(chance: Chance, kinds: Kinds): string {
  const one = (): string => {
    const name = chance.pick(namesOf(kinds, 'long', 'double', 'float', 'string'));
    if (name === undefined) return '1 == 1';
    const column = quoted(name);
    return kinds[name] === 'string'
      ? chance.pick([`${column} == 'a'`, `${column} >= '10'`, `isnull(${column})`, `like(${column}, '%e%')`])
      : chance.pick([`${column} > 1`, `${column} <= 1.5`, `${column} != 10`, `notnull(${column})`]);
  };
  return chance.pick([one(), `${one()} && ${one()}`, `${one()} || !(${one()})`]);
}

export function randomFilter(chance: Chance, kinds: Kinds, depth: number): Filter {
  if (depth === 0 || chance.next() < 0.4) return randomLeaf(chance, kinds);
  const inner = (): Filter => randomFilter(chance, kinds, depth - 1);
  return chance.pick<() => Filter>([
    () => ({ type: 'and', fields: [inner(), inner()] }),
    () => ({ type: 'or', fields: [inner(), inner()] }),
    () => ({ type: 'not', field: inner() }),
    () => ({ type: chance.pick(['istrue', 'isfalse'] as const), field: inner() }),
  ])();
}

/** `isExact`: only those of which there is one right answer, for what is computed from it. */
export function randomAggregator(chance: Chance, kinds: Kinds, name: string, isExact: boolean): Aggregator {
  const numeric = namesOf(kinds, 'long', 'double', 'float');
  const fieldName = chance.pick([...numeric, 'missing']);
  const strings = namesOf(kinds, 'string');
  const text = strings.length === 0 ? 'missing' : chance.pick(strings);
  if (chance.next() < 0.15) {
    return {
      type: 'filtered',
      name,
      filter: randomFilter(chance, filterable(kinds), 1),
      aggregator: randomAggregator(chance, kinds, name, isExact),
    };
  }
  if (!isExact && chance.next() < 0.55) return inexactAggregator(chance, kinds, name);
  if (!isExact && chance.next() < 0.3) {
    const [meaning, fold] = chance.pick(Object.entries(folds));
    return foldAggregator(meaning, chance.pick([...namesOf(kinds, fold.kind), 'missing']), name);
  }
  switch (chance.below(5)) {
    case 0:
      return { type: 'count', name };
    case 1: {
      const type = chance.pick(firstLastTypes);
      const wanted = namesOf(
        kinds,
        type.startsWith('long') ? 'long' : type.startsWith('float') ? 'float' : 'double',
      );
      const field = type.startsWith('string') ? text : wanted.length === 0 ? 'missing' : chance.pick(wanted);
      return { type, name, fieldName: field, timeColumn: '__time', maxStringBytes: 1024 };
    }
    case 2: {
      const whole = chance.pick([...namesOf(kinds, 'long'), 'missing']);
      // JSON names a field or an expression, of which the parsed form makes two properties.
      return { type: 'longSum', name, expression: `"${whole}" + 1` } as Aggregator;
    }
    default:
      return { type: chance.pick(numericTypes), name, fieldName };
  }
}

const firstLastTypes = [
  'longFirst',
  'longLast',
  'doubleFirst',
  'doubleLast',
  'floatFirst',
  'floatLast',
  'stringFirst',
  'stringLast',
] as const;
const numericTypes = [
  'longSum',
  'longMin',
  'longMax',
  'doubleMin',
  'doubleMax',
  'floatMin',
  'floatMax',
] as const;

function inexactAggregator(chance: Chance, kinds: Kinds, name: string): Aggregator {
  const field = (...of: readonly Kind[]): string => chance.pick([...namesOf(kinds, ...of), 'missing']);
  const dimension = (column: string) =>
    ({ dimension: column, outputName: column, outputType: 'STRING' }) as const;
  switch (chance.below(5)) {
    case 0:
      return {
        type: chance.pick(['doubleSum', 'doubleSum', 'floatSum', 'doubleMean'] as const),
        name,
        fieldName: chance.pick([...namesOf(kinds, 'long', 'double', 'float'), 'fuzzy', 'wild']),
      };
    case 1: {
      const [type, column] = chance.pick([
        ['longAny', field('long')],
        ['doubleAny', field('double')],
        ['floatAny', field('float')],
        ['stringAny', field('string')],
      ] as const);
      return { type, name, fieldName: column, maxStringBytes: 1024, aggregateMultipleValues: true };
    }
    case 2:
      return { type: 'hyperUnique', name, fieldName: 'seen', round: chance.next() < 0.5 };
    default: {
      const byRow = chance.next() < 0.4;
      const names = byRow ? namesOf(kinds, 'long', 'string') : plainNames(kinds);
      const fields = [chance.pick([...names, 'missing']), chance.pick([...names, 'missing'])];
      return {
        type: 'cardinality',
        name,
        fields: [...new Set(fields)].slice(0, 1 + chance.below(2)).map(dimension),
        byRow,
        round: chance.next() < 0.5,
      };
    }
  }
}

/** Over the exact outputs that are numbers. */
export function randomPosts(chance: Chance, numbers: readonly string[]): AskedPost[] {
  const made: AskedPost[] = [];
  const count = chance.next() < 0.6 ? 0 : 1 + chance.below(2);
  const field = (): AskedPost =>
    chance.next() < 0.25
      ? { type: 'constant', name: 'k', value: chance.pick([0, 2, -1.5]) }
      : { type: 'fieldAccess', name: 'f', fieldName: chance.pick(numbers) };
  for (let i = 0; i < count; i++) {
    made.push(
      chance.next() < 0.7
        ? {
            type: 'arithmetic',
            name: `p${i}`,
            fn: chance.pick(['+', '-', '*', '/'] as const),
            fields: [field(), field()],
          }
        : {
            type: chance.pick(['doubleGreatest', 'doubleLeast'] as const),
            name: `p${i}`,
            fields: [field(), field()],
          },
    );
  }
  return made;
}
