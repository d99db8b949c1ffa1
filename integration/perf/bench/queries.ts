/** The bench's queries, in both languages, and what the measured Druid took for each, compared with its DuckDB. */

export interface BenchQuery {
  readonly name: string;
  readonly native: Readonly<Record<string, unknown>>;
  readonly sql: string;
  /** Columns of the SQL answer that identify a row; the others are values. */
  readonly keys: number;
  /** Only the best rows are answered: equal ones may be others. */
  readonly isTop?: true;
  /**
   * Milliseconds of a real Druid 37 and of DuckDB 2.0.0 on one thread, measured side by side on TPC-H data: their
   * ratio is how a run here is compared with Druid.
   */
  readonly druidMs: number;
  readonly duckdbMs: number;
  /** Left out of the geometric means. */
  readonly isAside?: true;
}

const all = '1992-01-01/1999-01-01';
const span = '1996-01-15/1998-03-15';
const inSpan = "l_shipdate >= DATE '1996-01-15' AND l_shipdate < DATE '1998-03-15'";

const sum = (name: string): unknown => ({
  type: name === 'l_quantity' ? 'longSum' : 'doubleSum',
  name: `sum_${name}`,
  fieldName: name,
});
const rows = { type: 'count', name: 'rows' };
const quantity = sum('l_quantity');
const price = sum('l_extendedprice');
const four = [quantity, price, sum('l_discount'), sum('l_tax')];
const fourSql = 'sum(l_quantity), sum(l_extendedprice), sum(l_discount), sum(l_tax)';
const details = [
  quantity,
  price,
  { type: 'doubleMin', name: 'min_discount', fieldName: 'l_discount' },
  { type: 'doubleMax', name: 'max_discount', fieldName: 'l_discount' },
];
const detailsSql = 'sum(l_quantity) AS q, sum(l_extendedprice), min(l_discount), max(l_discount)';

function timeseries(granularity: string, aggregations: unknown, more: object = {}): BenchQuery['native'] {
  return { queryType: 'timeseries', intervals: [all], granularity, aggregations, ...more };
}
function top(dimension: string, aggregations: unknown, interval = all): BenchQuery['native'] {
  return {
    queryType: 'topN',
    intervals: [interval],
    granularity: 'all',
    dimension,
    metric: 'sum_l_quantity',
    threshold: 100,
    aggregations,
  };
}
function groupBy(dimensions: readonly string[], aggregations: unknown): BenchQuery['native'] {
  return { queryType: 'groupBy', intervals: [all], granularity: 'all', dimensions, aggregations };
}
function by(unit: string): string {
  return `SELECT date_trunc('${unit}', l_shipdate) AS t, ${fourSql} FROM lineitem GROUP BY t ORDER BY t`;
}
const ranked = 'ORDER BY q DESC LIMIT 100';
const air = { type: 'like', dimension: 'l_shipmode', pattern: '%AIR%' };
const dashboard = {
  type: 'and',
  fields: [
    { type: 'selector', dimension: 'l_shipmode', value: 'AIR' },
    { type: 'selector', dimension: 'l_shipinstruct', value: 'DELIVER IN PERSON' },
  ],
};

export const benchQueries: readonly BenchQuery[] = [
  {
    name: 'count(*) over interval',
    native: timeseries('all', [rows], { intervals: ['1992-01-03/1998-11-30'] }),
    sql: "SELECT count(*) FROM lineitem WHERE l_shipdate >= DATE '1992-01-03' AND l_shipdate < DATE '1998-11-30'",
    keys: 0,
    druidMs: 1.0,
    duckdbMs: 2.5,
    isAside: true,
  },
  {
    name: 'sum(l_extendedprice)',
    native: timeseries('all', [price]),
    sql: 'SELECT sum(l_extendedprice) FROM lineitem',
    keys: 0,
    druidMs: 26.7,
    duckdbMs: 9.9,
  },
  {
    name: 'sum of 4 metrics',
    native: timeseries('all', four),
    sql: `SELECT ${fourSql} FROM lineitem`,
    keys: 0,
    druidMs: 91.6,
    duckdbMs: 33.9,
  },
  {
    name: 'sum 4 by year',
    native: timeseries('year', four),
    sql: by('year'),
    keys: 1,
    druidMs: 101,
    duckdbMs: 151,
  },
  {
    name: 'sum 4 by month',
    native: timeseries('month', four),
    sql: by('month'),
    keys: 1,
    druidMs: 102,
    duckdbMs: 158,
  },
  {
    name: 'sum 4 by day',
    native: timeseries('day', four),
    sql: by('day'),
    keys: 1,
    druidMs: 106,
    duckdbMs: 114,
  },
  {
    name: "sum 4, shipmode LIKE '%AIR%'",
    native: timeseries('all', four, { filter: air }),
    sql: `SELECT ${fourSql} FROM lineitem WHERE l_shipmode LIKE '%AIR%'`,
    keys: 0,
    druidMs: 83.4,
    duckdbMs: 292,
  },
  {
    name: 'sum price + count, shipdate range',
    native: timeseries('all', [price, rows], { intervals: [span] }),
    sql: `SELECT sum(l_extendedprice), count(*) FROM lineitem WHERE ${inSpan}`,
    keys: 0,
    druidMs: 8.8,
    duckdbMs: 3.9,
  },
  {
    name: 'dashboard: days, 2 years, 2 filters',
    native: timeseries('day', [rows, quantity, price], {
      intervals: ['1994-01-01/1996-01-01'],
      filter: dashboard,
    }),
    sql:
      'SELECT l_shipdate AS t, count(*), sum(l_quantity), sum(l_extendedprice) FROM lineitem ' +
      "WHERE l_shipdate >= DATE '1994-01-01' AND l_shipdate < DATE '1996-01-01' AND l_shipmode = 'AIR' " +
      "AND l_shipinstruct = 'DELIVER IN PERSON' GROUP BY t ORDER BY t",
    keys: 1,
    druidMs: 23.4,
    duckdbMs: 59.1,
  },
  {
    name: 'top100 l_partkey by sum(l_quantity)',
    native: top('l_partkey', [quantity]),
    sql: `SELECT l_partkey, sum(l_quantity) AS q FROM lineitem GROUP BY l_partkey ${ranked}`,
    keys: 1,
    isTop: true,
    druidMs: 265,
    duckdbMs: 234,
  },
  {
    name: 'top100 parts, 4 aggs',
    native: top('l_partkey', details),
    sql: `SELECT l_partkey, ${detailsSql} FROM lineitem GROUP BY l_partkey ${ranked}`,
    keys: 1,
    isTop: true,
    druidMs: 978,
    duckdbMs: 394,
  },
  {
    name: 'top100 parts, 4 aggs, shipdate range',
    native: top('l_partkey', details, span),
    sql: `SELECT l_partkey, ${detailsSql} FROM lineitem WHERE ${inSpan} GROUP BY l_partkey ${ranked}`,
    keys: 1,
    isTop: true,
    druidMs: 447,
    duckdbMs: 156,
  },
  {
    name: 'top100 l_commitdate',
    native: top('l_commitdate', [quantity]),
    sql: `SELECT l_commitdate, sum(l_quantity) AS q FROM lineitem GROUP BY l_commitdate ${ranked}`,
    keys: 1,
    isTop: true,
    druidMs: 135,
    duckdbMs: 175,
  },
  {
    name: 'groupBy flag x status, 4 aggs',
    native: groupBy(['l_returnflag', 'l_linestatus'], [rows, quantity, price, sum('l_discount')]),
    sql:
      'SELECT l_returnflag, l_linestatus, count(*), sum(l_quantity), sum(l_extendedprice), sum(l_discount) ' +
      'FROM lineitem GROUP BY ALL ORDER BY ALL',
    keys: 2,
    druidMs: 218,
    duckdbMs: 193,
  },
  {
    name: 'groupBy l_partkey',
    native: groupBy(['l_partkey'], [quantity]),
    sql: 'SELECT l_partkey, sum(l_quantity) FROM lineitem GROUP BY l_partkey ORDER BY l_partkey',
    keys: 1,
    druidMs: 131,
    duckdbMs: 531,
  },
  {
    name: 'groupBy suppkey x shipmode',
    native: groupBy(['l_suppkey', 'l_shipmode'], [rows, price]),
    sql:
      'SELECT l_suppkey, l_shipmode, count(*), sum(l_extendedprice) FROM lineitem ' +
      'GROUP BY l_suppkey, l_shipmode ORDER BY l_suppkey, l_shipmode',
    keys: 2,
    druidMs: 263,
    duckdbMs: 381,
  },
];
