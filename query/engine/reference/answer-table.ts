/** Answers as tables: what a query around a query reads. Only exact values are in them. */
import type { Aggregator } from '../../native/model.js';
import { isArray, type Cell, type Kinds, type Row } from '../naive.js';
import {
  exact,
  groupBySections,
  hasTime,
  outputKinds,
  plainDimension,
  rowsAsked,
  timeseries,
  topNSections,
  type Aggregates,
  type Candidate,
} from './answers.js';
import type { AskedPost, AskedQuery } from './asked.js';
import { elements, type Table, type World } from './table.js';

export function answerTable(query: AskedQuery, world: World): Table {
  switch (query.queryType) {
    case 'groupBy': {
      const sections = groupBySections(query, world);
      const kinds = { ...sections[0]?.kinds, ...valueKinds(query) };
      const rows = sections.flatMap(({ sorted }) => sorted.map((one) => rowOf(one)));
      return { kinds: hasTime(query) ? { ...kinds, __time: 'long' } : kinds, rows };
    }
    case 'topN': {
      const { outputName, outputType } = plainDimension(query.dimension);
      const kinds = { [outputName]: outputKinds[outputType], ...valueKinds(query) };
      const rows = topNSections(query, world).flatMap(({ sorted, limit }) =>
        sorted.slice(0, limit).map((one) => rowOf(one)),
      );
      return { kinds, rows };
    }
    case 'timeseries':
      return {
        kinds: valueKinds(query),
        rows: timeseries(query, world).buckets.map((one) => rowOf(one)),
      };
    case 'scan': {
      const { rows, kinds } = rowsAsked(query, world);
      const names = query.columns.filter((name) => kinds[name] !== undefined);
      // What is answered for an empty list is null.
      const cellOf = (cell: Cell | undefined, name: string): Cell =>
        Array.isArray(cell) && !isArray(kinds[name]) ? elements(cell) : (cell ?? null);
      return {
        kinds: Object.fromEntries(names.map((name) => [name, kinds[name]])) as Kinds,
        rows: rows.map((row) => Object.fromEntries(names.map((name) => [name, cellOf(row[name], name)]))),
      };
    }
    default:
      throw new Error(`the answer of a ${query.queryType} is no table`);
  }
}

function rowOf(candidate: Candidate): Row {
  const row = Object.fromEntries(exact(candidate));
  return candidate.ms === undefined ? row : { ...row, __time: BigInt(candidate.ms) };
}

const innermost = (spec: Aggregator): Aggregator =>
  spec.type === 'filtered' ? innermost(spec.aggregator) : spec;

function valueKinds({ aggregations, postAggregations }: Aggregates): Kinds {
  const kinds: Record<string, Kinds[string]> = {};
  for (const spec of aggregations) {
    const { type } = innermost(spec);
    if (type.startsWith('string')) kinds[spec.name] = 'string';
    else if (type.startsWith('float')) kinds[spec.name] = 'float';
    else kinds[spec.name] = type.startsWith('double') ? 'double' : 'long';
  }
  for (const { name } of postAggregations as readonly AskedPost[]) kinds[name] = 'double';
  return kinds;
}
