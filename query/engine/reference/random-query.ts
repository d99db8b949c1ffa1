/** Random native queries over the columns of a random world. */
import type { Aggregator, Filter, Having } from '../../native/model.js';
import { isArray, type Kinds } from '../naive.js';
import type { Chance } from '../random-queries.js';
import type {
  AskedDimension,
  AskedGranularity,
  AskedGroupBy,
  AskedMetric,
  AskedOrder,
  AskedPost,
  AskedQuery,
  AskedSource,
  AskedVirtual,
} from './asked.js';
import { plainDimension } from './answers.js';
import { elementKind } from './table.js';
import {
  filterable,
  namesOf,
  plainNames,
  randomAggregator,
  randomFilter,
  randomPosts,
  randomVirtual,
} from './random-parts.js';
import { metrics, startMs, texts, type RandomWorld } from './random-world.js';

const dayMs = 86_400_000;
const always = '1970-01-01T00:00:00Z/2100-01-01T00:00:00Z';
const whole = `${new Date(startMs).toISOString()}/${new Date(startMs + 4 * dayMs).toISOString()}`;
const granularities: readonly AskedGranularity[] = [
  'all',
  'all',
  'day',
  'hour',
  { type: 'duration', duration: 7_200_000, origin: 5 },
  { type: 'period', period: 'P1D', timeZone: 'America/New_York' },
];
const outputTypes = {
  long: 'LONG',
  double: 'DOUBLE',
  float: 'FLOAT',
  string: 'STRING',
  strings: 'STRING',
  sketch: 'STRING',
  longArray: 'STRING',
  doubleArray: 'STRING',
  stringArray: 'STRING',
} as const;

/** What a query is asked of: where its rows are from, and the columns they have. */
interface Ground {
  readonly dataSource: AskedSource;
  readonly kinds: Kinds;
  readonly intervals: readonly string[];
  /** Its rows have times of their own. */
  readonly isTimed: boolean;
}

export function randomQuery(chance: Chance, world: RandomWorld): AskedQuery {
  const query = anyQuery(chance, world);
  return { ...query, context: { ...query.context, ...plainJoins(query.dataSource) } };
}

/** What is asked of the left side alone shows where there are rows without one; the reference asks all of all rows. */
function plainJoins(source: AskedSource): { readonly [key: string]: boolean } {
  if (typeof source === 'string' || source.type !== 'join') return {};
  const hasUnmet = source.joinType === 'RIGHT' || source.joinType === 'FULL';
  return { enableJoinFilterRewrite: false, enableJoinFilterPushDown: !hasUnmet };
}

function anyQuery(chance: Chance, world: RandomWorld): AskedQuery {
  const ground = randomGround(chance, world);
  const virtualColumns = ground.isTimed ? randomVirtual(chance, ground.kinds) : [];
  const kinds = { ...ground.kinds, ...kindsOf(virtualColumns, ground.kinds) };
  const common = {
    dataSource: ground.dataSource,
    intervals: ground.intervals,
    virtualColumns,
    filter: chance.next() < 0.65 ? randomFilter(chance, filterable(kinds), 3) : undefined,
  };
  switch (chance.below(ground.isTimed ? 10 : 5)) {
    case 0:
    case 1:
    case 2:
      return randomGroupBy(chance, common, kinds, ground.isTimed);
    case 3:
      return randomTopN(chance, common, kinds, ground.isTimed);
    case 4: {
      const values = outputs(chance, kinds, false, ground.isTimed);
      return {
        queryType: 'timeseries',
        ...common,
        ...values,
        granularity: ground.isTimed ? chance.pick(granularities) : 'all',
        descending: chance.next() < 0.3,
        context: { skipEmptyBuckets: chance.next() < 0.3, grandTotal: chance.next() < 0.2 },
      };
    }
    case 5:
    case 6:
      return randomScan(chance, common, kinds);
    case 7:
      return {
        queryType: 'search',
        ...common,
        granularity: 'all',
        searchDimensions: [...new Set([chance.pick(plainNames(kinds)), chance.pick(plainNames(kinds))])],
        query:
          chance.next() < 0.7
            ? {
                type: 'contains',
                value: chance.pick(['', 'E', 'e', '1', '.']),
                caseSensitive: chance.next() < 0.5,
              }
            : { type: 'fragment', values: ['E', 'D'], caseSensitive: chance.next() < 0.3 },
        sort: { type: chance.pick(['lexicographic', 'strlen'] as const) },
      };
    case 8:
      return {
        queryType: 'timeBoundary',
        ...common,
        virtualColumns: [],
        filter: withoutVirtual(chance, ground),
      };
    default:
      return randomGroupBy(chance, common, kinds, ground.isTimed);
  }
}

const withoutVirtual = (chance: Chance, { kinds }: Ground): Filter | undefined =>
  chance.next() < 0.6 ? randomFilter(chance, kinds, 2) : undefined;

function kindsOf(columns: readonly AskedVirtual[], kinds: Kinds): Kinds {
  const made: Record<string, Kinds[string]> = {};
  for (const column of columns) {
    if (column.type === 'mv-filtered') made[column.name] = kinds[column.delegate] ?? 'strings';
    else
      made[column.name] = ({ LONG: 'long', DOUBLE: 'double', STRING: 'string' } as const)[column.outputType];
  }
  return made;
}

function randomGround(chance: Chance, world: RandomWorld): Ground {
  const { kinds } = world;
  const intervals = [
    chance.next() < 0.7
      ? whole
      : `${new Date(startMs + 7_000_000).toISOString()}/${new Date(startMs + dayMs + chance.below(dayMs)).toISOString()}`,
  ];
  const table: Ground = { dataSource: 't', kinds, intervals, isTimed: true };
  switch (chance.below(12)) {
    case 0:
    case 1:
      return { ...table, dataSource: { type: 'union', dataSources: ['t', 'u'] } };
    case 2:
      return { ...table, dataSource: { type: 'filter', base: 't', filter: randomFilter(chance, kinds, 1) } };
    case 3:
      return joined(chance, table);
    case 4:
      return unnested(chance, table);
    case 5:
    case 6:
      return nested(chance, world);
    case 7: {
      const { dataSource, kinds: own } = inline(chance);
      return { dataSource, kinds: own, intervals: [always], isTimed: false };
    }
    default:
      return table;
  }
}

function inline(chance: Chance): { dataSource: Extract<AskedSource, { type: 'inline' }>; kinds: Kinds } {
  const rows = Array.from({ length: chance.below(8) }, () => [
    chance.maybe(chance.pick(texts)),
    chance.maybe(chance.pick([0n, 1n, 10n, -5n])),
    chance.maybe(chance.pick([0.5, 1.5, -3])),
  ]);
  return {
    dataSource: {
      type: 'inline',
      columnNames: ['c0', 'c1', 'c2'],
      columnTypes: ['STRING', 'LONG', 'DOUBLE'],
      rows,
    },
    kinds: { c0: 'string', c1: 'long', c2: 'double' },
  };
}

function joined(chance: Chance, table: Ground): Ground {
  const right = inline(chance);
  const strings = namesOf(table.kinds, 'string');
  const wholes = namesOf(table.kinds, 'long');
  const pairs = [
    ...strings.map((name) => [name, 'c0'] as const),
    ...wholes.map((name) => [name, 'c1'] as const),
  ];
  if (pairs.length === 0) return table;
  const joinType = chance.pick(['INNER', 'LEFT', 'RIGHT', 'FULL'] as const);
  const on = [chance.pick(pairs)];
  const other = chance.pick(pairs);
  if (chance.next() < 0.3 && other[1] !== on[0]?.[1]) on.push(other);
  // Right rows that meet nothing have no time: they are in no bucket but the one of all times.
  const isTimed = joinType === 'INNER' || joinType === 'LEFT';
  const { __time, ...untimed } = table.kinds;
  return {
    intervals: isTimed ? table.intervals : [whole],
    isTimed,
    dataSource: {
      type: 'join',
      left:
        chance.next() < 0.8
          ? 't'
          : { type: 'filter', base: 't', filter: randomFilter(chance, table.kinds, 1) },
      right: right.dataSource,
      rightPrefix: 'r.',
      condition: on.map(([left, name]) => `"${left}" == "r.${name}"`).join(' && '),
      joinType,
      on,
    },
    kinds: {
      ...(isTimed ? table.kinds : untimed),
      ...Object.fromEntries(Object.entries(right.kinds).map(([name, kind]) => [`r.${name}`, kind])),
    },
  };
}

function unnested(chance: Chance, table: Ground): Ground {
  const several = namesOf(table.kinds, 'strings', 'string', 'longArray', 'doubleArray', 'stringArray');
  if (several.length === 0) return table;
  const column = chance.pick(several);
  const kind = elementKind(table.kinds[column]);
  return {
    ...table,
    dataSource: {
      type: 'unnest',
      base: 't',
      virtualColumn: {
        type: 'expression',
        name: 'e',
        expression: `"${column}"`,
        outputType: outputTypes[kind],
      },
      unnestFilter: chance.next() < 0.4 ? randomFilter(chance, { e: kind }, 1) : undefined,
      column,
    },
    kinds: { ...table.kinds, e: kind },
  };
}

/** The rows of a query inside, which has exact values only and no limit. */
function nested(chance: Chance, world: RandomWorld): Ground {
  const { kinds } = world;
  const common = {
    dataSource: 't',
    intervals: [whole],
    filter: chance.next() < 0.5 ? randomFilter(chance, kinds, 1) : undefined,
  };
  const isScan = chance.next() < 0.25;
  if (isScan) {
    const names = plainNames(kinds);
    const scan: AskedQuery = {
      queryType: 'scan',
      ...common,
      columns: names,
      limit: undefined,
      offset: 0,
      order: 'none',
      resultFormat: 'compactedList',
    };
    const own = Object.fromEntries(names.map((name) => [name, kinds[name] ?? 'string']));
    return { dataSource: { type: 'query', query: scan }, kinds: own, intervals: [always], isTimed: false };
  }
  const query: AskedGroupBy = {
    queryType: 'groupBy',
    ...common,
    ...outputs(chance, kinds, true, true),
    granularity: 'all',
    dimensions: randomDimensions(chance, kinds, 2),
  };
  const table = world.answerOf({ ...query, filter: { type: 'false' } });
  return {
    dataSource: { type: 'query', query },
    kinds: table.kinds,
    intervals: [always],
    isTimed: false,
  };
}

interface Outputs {
  readonly aggregations: readonly Aggregator[];
  readonly postAggregations: readonly AskedPost[];
}

function outputs(chance: Chance, kinds: Kinds, isExact: boolean, isTimed: boolean): Outputs {
  const aggregations: Aggregator[] = [{ type: 'count', name: 'n' }];
  const count = 1 + chance.below(3);
  for (let i = 0; i < count; i++) {
    const made = randomAggregator(chance, kinds, `a${i}`, isExact || !isTimed);
    if (isTimed || !readsTime(made)) aggregations.push(made);
  }
  return { aggregations, postAggregations: randomPosts(chance, numbersOf(aggregations)) };
}

/** Of these there are no metrics where rows have no times. */
const readsTime = (spec: Aggregator): boolean =>
  spec.type === 'filtered' ? readsTime(spec.aggregator) : 'timeColumn' in spec;

const exactNumbers = /^(count|long(Sum|Min|Max)|double(Min|Max))$/;

const numbersOf = (aggregations: readonly Aggregator[]): string[] =>
  aggregations.flatMap((spec) => (exactNumbers.test(spec.type) ? [spec.name] : []));

function randomDimensions(chance: Chance, kinds: Kinds, most: number): AskedDimension[] {
  const names = plainNames(kinds).filter(() => chance.next() < 0.4);
  return names.slice(0, most).map((name) => randomDimension(chance, kinds, name));
}

function randomDimension(chance: Chance, kinds: Kinds, dimension: string): AskedDimension {
  const kind = kinds[dimension] ?? 'string';
  const outputName = `d_${dimension}`;
  const plain = {
    type: 'default',
    dimension,
    outputName,
    outputType: chance.next() < 0.15 ? 'STRING' : outputTypes[kind],
  } as const;
  const roll = chance.next();
  if (roll < 0.15) {
    const extractionFn = chance.pick([
      { type: 'upper' },
      { type: 'strlen' },
      { type: 'substring', index: 2, length: 2 },
      {
        type: 'lookup',
        lookup: { type: 'map', map: { a: 'A', '10': 'ten', '9': 'ten' } },
        retainMissingValue: true,
      },
      { type: 'lookup', lookup: { type: 'map', map: { red: 'x' } }, retainMissingValue: false },
    ] as const);
    return { type: 'extraction', dimension, outputName, outputType: 'STRING', extractionFn };
  }
  if (roll < 0.25 && kind === 'strings') {
    return {
      type: 'listFiltered',
      delegate: plain,
      values: [chance.pick(texts), 'a', chance.maybe('9', 0.3)],
      isWhitelist: chance.next() < 0.5,
    };
  }
  return plain;
}

type Common = Pick<AskedGroupBy, 'dataSource' | 'intervals' | 'virtualColumns' | 'filter'>;

function randomGroupBy(chance: Chance, common: Common, kinds: Kinds, isTimed: boolean): AskedGroupBy {
  const { aggregations, postAggregations } = outputs(chance, kinds, false, isTimed);
  const dimensions = randomDimensions(chance, kinds, 3);
  const names = dimensions.map((spec) => plainDimension(spec).outputName);
  const hasSubtotals = names.length > 0 && chance.next() < 0.2;
  const sets = [names, names.filter(() => chance.next() < 0.5), []];
  const columns = dimensions.map((spec) => plainDimension(spec).dimension);
  const groupings = columns.filter(() => chance.next() < 0.6);
  const hasLimit = chance.next() < 0.35;
  const exact = [...numbersOf(aggregations), ...postAggregations.map(({ name }) => name)];
  const order = (): AskedOrder => ({
    dimension: chance.pick([...names, ...exact]),
    direction: chance.pick(['ascending', 'descending'] as const),
    dimensionOrder: chance.pick(['lexicographic', 'numeric', 'strlen', 'alphanumeric'] as const),
  });
  return {
    queryType: 'groupBy',
    ...common,
    granularity: isTimed ? chance.pick([...granularities, 'none' as const]) : 'all',
    dimensions,
    aggregations:
      groupings.length > 0 && chance.next() < 0.4
        ? [...aggregations, { type: 'grouping', name: 'g', groupings }]
        : aggregations,
    postAggregations,
    subtotalsSpec: hasSubtotals ? sets : undefined,
    having: chance.next() < 0.3 ? randomHaving(chance, exact, names, 2) : undefined,
    limitSpec: hasLimit
      ? {
          type: 'default',
          columns: [order(), order()].slice(chance.below(3)),
          limit: chance.next() < 0.7 ? 1 + chance.below(6) : undefined,
          offset: chance.next() < 0.3 ? chance.below(4) : 0,
        }
      : undefined,
    context: { resultAsArray: chance.next() < 0.2 },
  };
}

function randomHaving(
  chance: Chance,
  numbers: readonly string[],
  names: readonly string[],
  depth: number,
): Having {
  const inner = (): Having => randomHaving(chance, numbers, names, depth - 1);
  const value = chance.pick([0, 1, 2, 3]);
  const aggregation = chance.pick(numbers);
  if (depth > 0 && chance.next() < 0.3) {
    return chance.pick<() => Having>([
      () => ({ type: 'and', havingSpecs: [inner(), inner()] }),
      () => ({ type: 'or', havingSpecs: [inner(), inner()] }),
      () => ({ type: 'not', havingSpec: inner() }),
    ])();
  }
  if (chance.next() < 0.3) {
    const filter: Filter =
      names.length > 0 && chance.next() < 0.5
        ? { type: 'selector', dimension: chance.pick(names), value: chance.maybe(chance.pick(texts)) }
        : {
            type: 'range',
            column: aggregation,
            matchValueType: 'LONG',
            lower: BigInt(value),
            upper: undefined,
            lowerOpen: chance.next() < 0.5,
            upperOpen: false,
          };
    return { type: 'filter', filter };
  }
  if (names.length > 0 && chance.next() < 0.2)
    return { type: 'dimSelector', dimension: chance.pick(names), value: chance.pick(texts) };
  return { type: chance.pick(['equalTo', 'greaterThan', 'lessThan'] as const), aggregation, value };
}

function randomTopN(chance: Chance, common: Common, kinds: Kinds, isTimed: boolean): AskedQuery {
  const { aggregations, postAggregations } = outputs(chance, kinds, false, isTimed);
  const exact = [...numbersOf(aggregations), ...postAggregations.map(({ name }) => name)];
  const plain: AskedMetric =
    chance.next() < 0.7
      ? { type: 'numeric', metric: chance.pick(exact) }
      : { type: 'dimension', ordering: chance.pick(['lexicographic', 'numeric', 'strlen'] as const) };
  return {
    queryType: 'topN',
    ...common,
    granularity: isTimed ? chance.pick(granularities) : 'all',
    aggregations,
    postAggregations,
    dimension: randomDimension(chance, kinds, chance.pick([...plainNames(kinds), 'missing'])),
    metric: chance.next() < 0.2 ? { type: 'inverted', metric: plain } : plain,
    threshold: chance.pick([1, 3, 1000]),
  };
}

function randomScan(chance: Chance, common: Common, kinds: Kinds): AskedQuery {
  const arrays = Object.keys(kinds).filter((name) => isArray(kinds[name]));
  const names = [...plainNames(kinds), ...Object.keys(metrics).filter((name) => name === 'fuzzy'), ...arrays];
  const columns = [
    '__time',
    ...names.filter(() => chance.next() < 0.6),
    ...(chance.next() < 0.1 ? ['missing'] : []),
  ];
  const sortable = columns.filter(
    (name) =>
      name !== '__time' && kinds[name] !== 'strings' && kinds[name] !== undefined && !isArray(kinds[name]),
  );
  const hasOrders = sortable.length > 0 && chance.next() < 0.25;
  return {
    queryType: 'scan',
    ...common,
    columns,
    limit: chance.next() < 0.5 ? 1 + chance.below(20) : undefined,
    offset: chance.next() < 0.3 ? chance.below(5) : 0,
    order: hasOrders ? 'none' : chance.pick(['none', 'ascending', 'descending'] as const),
    ...(hasOrders
      ? {
          orderBy: [
            { columnName: chance.pick(sortable), order: chance.pick(['ascending', 'descending'] as const) },
          ],
        }
      : {}),
    resultFormat: chance.pick(['list', 'compactedList'] as const),
  };
}
