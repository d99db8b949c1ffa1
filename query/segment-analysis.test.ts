import { expect } from 'chai';
import type { SegmentMetadataQuery } from './native/model.js';
import { parseNativeQuery } from './native/parse.js';
import { analysesFrame, analysesOf, mergeAnalyses, type SegmentAnalysis } from './segment-analysis.js';

const dayMs = 86_400_000;
const dayText = (day: number): string => `1970-01-0${day + 1}T00:00:00.000Z`;

function analysis(table: string, day: number, rest = ''): SegmentAnalysis {
  const interval = { startMs: day * dayMs, endMs: (day + 1) * dayMs };
  const id = `${table}_${dayText(day)}_${dayText(day + 1)}_v1${rest}`;
  const unknown = { timestampSpec: null, queryGranularity: null, rollup: null, aggregators: null };
  return { id, interval, intervals: [interval], columns: {}, size: 0, numRows: 5, ...unknown };
}

function merged(merge: boolean, ...analyses: SegmentAnalysis[]): string[] {
  const query = parseNativeQuery(
    { queryType: 'segmentMetadata', dataSource: 't', merge },
    { queryId: 'q', timeoutMs: 0 },
  ) as SegmentMetadataQuery;
  const frames = analyses.map((one) => analysesFrame([one]));
  return analysesOf([mergeAnalyses(query, frames)]).map(({ id, numRows }) => `${id} ${numRows}`);
}

describe('analyses of segments', () => {
  it('bear the id of the latest one, when they are merged', () => {
    expect(merged(true, analysis('t', 1, '_2'), analysis('t', 0), analysis('t', 1))).to.deep.equal([
      `t_${dayText(1)}_${dayText(2)}_merged_2 15`,
    ]);
  });

  it('merged for the earliest or the latest, have the aggregators of all of them', () => {
    const long = { type: 'longSum', name: 'v', fieldName: 'v' };
    const double = { type: 'doubleSum', name: 'v', fieldName: 'v' };
    const count = { type: 'count', name: 'c' };
    const parts = [
      { ...analysis('t', 1), aggregators: null },
      { ...analysis('t', 2), aggregators: { v: double, c: count } },
      { ...analysis('t', 0), aggregators: { v: long } },
    ];
    const aggregators = (aggregatorMergeStrategy: string) => {
      const query = parseNativeQuery(
        { queryType: 'segmentMetadata', dataSource: 't', merge: true, aggregatorMergeStrategy },
        { queryId: 'q', timeoutMs: 0 },
      ) as SegmentMetadataQuery;
      const frames = parts.map((one) => analysesFrame([one]));
      return analysesOf([mergeAnalyses(query, frames)])[0]?.aggregators;
    };
    expect(aggregators('earliest')).to.deep.equal({ v: long, c: count });
    expect(aggregators('latest')).to.deep.equal({ v: double, c: count });
  });

  it('of several tables have no id in common', () => {
    expect(merged(true, analysis('t', 0), analysis('u', 1), analysis('t', 2))).to.deep.equal(['merged 15']);
  });

  it('have the projections in common that each of them has', () => {
    const schema = { type: 'aggregate', name: 'p' };
    const having = (day: number, projections: SegmentAnalysis['projections']): SegmentAnalysis => ({
      ...analysis('t', day),
      ...(projections === undefined ? {} : { projections }),
    });
    const both = (a: SegmentAnalysis['projections'], b: SegmentAnalysis['projections']): unknown => {
      const body = { queryType: 'segmentMetadata', dataSource: 't', merge: true };
      const query = parseNativeQuery(body, { queryId: 'q', timeoutMs: 0 }) as SegmentMetadataQuery;
      const frames = [having(0, a), having(1, b)].map((one) => analysesFrame([one]));
      return analysesOf([mergeAnalyses(query, frames)])[0]?.projections;
    };
    const p = { p: { schema, numRows: 3 } };
    expect(both(p, p)).to.deep.equal({ p: { schema, numRows: 6 } });
    expect(both(p, null)).to.equal(null);
    expect(both(p, { p: { schema: { ...schema, groupingColumns: [] }, numRows: 3 } })).to.equal(null);
    expect(both(p, {})).to.equal(null);
    expect(both(undefined, undefined)).to.equal(undefined);
  });

  it('of one segment that was asked twice are one, merged or not', () => {
    const twice = [analysis('t', 0), analysis('t', 1), analysis('t', 0)];
    expect(merged(false, ...twice)).to.deep.equal([`${analysis('t', 0).id} 10`, `${analysis('t', 1).id} 5`]);
  });
});
