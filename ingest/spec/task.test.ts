import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import { compileTask } from './task.js';

type Json = Record<string, unknown>;

function taskJson(): { type: string; spec: { dataSchema: Json; ioConfig: Json; tuningConfig: Json } } {
  return {
    type: 'index_parallel',
    spec: {
      dataSchema: {
        dataSource: 'wiki',
        timestampSpec: { column: 'ts', format: 'iso' },
        dimensionsSpec: { dimensions: ['page', { type: 'long', name: 'added' }] },
        metricsSpec: [
          { type: 'count', name: 'cnt' },
          { type: 'longSum', name: 'sum', fieldName: 'delta' },
        ],
        granularitySpec: {
          segmentGranularity: 'hour',
          queryGranularity: 'minute',
          intervals: ['2020/2021', '2020-06/2022'],
        },
      },
      ioConfig: {
        type: 'index_parallel',
        inputSource: { type: 'inline', data: '' },
        inputFormat: { type: 'json' },
      },
      tuningConfig: {},
    },
  };
}

function failure(change: (task: ReturnType<typeof taskJson>) => void): { code: string; field: unknown } {
  const task = taskJson();
  change(task);
  try {
    compileTask(task);
  } catch (thrown) {
    if (!(thrown instanceof CodedError)) throw thrown;
    const { field } = thrown.context;
    expect(thrown.message).contain(String(field));
    return { code: thrown.code, field };
  }
  return { code: 'none', field: '' };
}

describe('batch task spec', () => {
  it('is compiled with defaults', () => {
    const { spec, type } = compileTask(taskJson());
    expect(type).equal('index_parallel');
    expect(spec).deep.include({
      dataSource: 'wiki',
      discoverDimensions: 'none',
      dimensionExclusions: ['ts', '__time', 'cnt', 'sum', 'delta'],
      queryGranularityJson: 'MINUTE',
      rollup: true,
      intervals: [{ startMs: Date.parse('2020-01-01'), endMs: Date.parse('2022-01-01') }],
      appendToExisting: false,
      ignoredKeys: [],
    });
    expect(spec.tuning).deep.include({
      partitioning: { type: 'dynamic', maxRowsPerSegment: 5_000_000, maxTotalRows: 20_000_000 },
      maxParseExceptions: 0x7fffffff,
    });
    expect(spec.dimensions[0]).deep.equal({
      type: 'string',
      name: 'page',
      multiValueHandling: 'SORTED_ARRAY',
      createBitmapIndex: true,
    });
  });

  it('notes keys it does not know', () => {
    const task = taskJson();
    Object.assign(task.spec.ioConfig, { oddKey: 1 });
    expect(compileTask(task).spec.ignoredKeys).deep.equal(['spec.ioConfig.oddKey']);
    const stored = taskJson();
    const inputSource = { type: 'druid', dataSource: 'x', interval: '2000/2001' };
    Object.assign(stored.spec.ioConfig, { inputSource, inputFormat: { type: 'odd' } });
    expect(compileTask(stored).spec).deep.include({
      inputFormat: undefined,
      ignoredKeys: ['spec.ioConfig.inputFormat'],
    });
  });

  const schema = (patch: Json) => failure((task) => Object.assign(task.spec.dataSchema, patch));
  const io = (patch: Json) => failure((task) => Object.assign(task.spec.ioConfig, patch));
  const tuning = (patch: Json) => failure((task) => Object.assign(task.spec.tuningConfig, patch));

  it('names the path of what is wrong', () => {
    const S = 'spec.dataSchema';
    const cases: [{ code: string; field: unknown }, string][] = [
      [failure((task) => Object.assign(task, { type: 'index_hadoop' })), 'type'],
      [failure((task) => Object.assign(task, { spec: 7 })), 'spec'],
      [schema({ dataSource: '../etc' }), `${S}.dataSource`],
      [schema({ dataSource: 'a\u0007b' }), `${S}.dataSource`],
      [schema({ timestampSpec: undefined }), `${S}.timestampSpec`],
      [schema({ timestampSpec: { format: 'bogus' } }), `${S}.timestampSpec.format`],
      [schema({ timestampSpec: { missingValue: 'x' } }), `${S}.timestampSpec.missingValue`],
      [schema({ granularitySpec: { intervals: ['x'] } }), `${S}.granularitySpec.intervals[0]`],
      [schema({ granularitySpec: { segmentGranularity: 'dy' } }), `${S}.granularitySpec.segmentGranularity`],
      [
        schema({ dimensionsSpec: { dimensions: [{ type: 'odd', name: 'x' }] } }),
        `${S}.dimensionsSpec.dimensions[0].type`,
      ],
      [schema({ dimensionsSpec: { dimensions: ['x', 'x'] } }), `${S}.dimensionsSpec.dimensions[1]`],
      [schema({ dimensionsSpec: { dimensions: ['cnt'] } }), `${S}.metricsSpec[0]`],
      [schema({ dimensionsSpec: { dimensions: ['a,b'] } }), `${S}.dimensionsSpec.dimensions[0]`],
      [schema({ metricsSpec: [{ type: 'longSum', name: 'x' }] }), `${S}.metricsSpec[0].fieldName`],
      [io({ inputSource: { type: 'local', baseDir: '/x' } }), 'spec.ioConfig.inputSource.filter'],
      [io({ inputFormat: { type: 'csv' } }), 'spec.ioConfig.inputFormat.columns'],
      [io({ appendToExisting: true, dropExisting: true }), 'spec.ioConfig.dropExisting'],
      [
        io({ inputFormat: { type: 'json', flattenSpec: { fields: [{ name: 'x' }] } } }),
        'spec.ioConfig.inputFormat.flattenSpec.fields[0].type',
      ],
      [
        schema({ transformSpec: { transforms: [{ type: 'expression', name: 'x', expression: '1 +' }] } }),
        `${S}.transformSpec.transforms[0].expression`,
      ],
      [schema({ transformSpec: { filter: { type: 'selector' } } }), `${S}.transformSpec.filter.dimension`],
      [tuning({ type: 'index_kafka' }), 'spec.tuningConfig.type'],
      [tuning({ maxParseExceptions: -1 }), 'spec.tuningConfig.maxParseExceptions'],
      [tuning({ partitionsSpec: { type: 'odd' } }), 'spec.tuningConfig.partitionsSpec.type'],
    ];
    for (const [got, field] of cases) expect(got).deep.equal({ code: 'InvalidInput', field });
  });

  it('takes the three kinds of partitions', () => {
    const of = (partitionsSpec: object | undefined, more: object = {}): unknown => {
      const tuningConfig = {
        ...(partitionsSpec && { partitionsSpec, forceGuaranteedRollup: true }),
        ...more,
      };
      const json = taskJson();
      json.spec.tuningConfig = tuningConfig;
      return compileTask(json).spec.tuning.partitioning;
    };
    expect(of(undefined, { maxRowsPerSegment: 7 })).deep.equal({
      type: 'dynamic',
      maxRowsPerSegment: 7,
      maxTotalRows: 20_000_000,
    });
    const byDefault = { type: 'hashed', numShards: undefined, targetRows: 5_000_000, dimensions: [] };
    expect(of(undefined, { forceGuaranteedRollup: true })).deep.equal(byDefault);
    expect(of({ type: 'hashed', numShards: -1 })).deep.equal(byDefault);
    const older = { forceGuaranteedRollup: true, numShards: 2, partitionDimensions: ['a'] };
    expect(of(undefined, older)).deep.equal({ ...byDefault, numShards: 2, dimensions: ['a'] });
    expect(of(undefined, { targetPartitionSize: 9 })).include({ type: 'dynamic', maxRowsPerSegment: 9 });
    expect(of({ type: 'hashed', numShards: 3, partitionDimensions: ['a'] })).deep.equal({
      ...byDefault,
      numShards: 3,
      dimensions: ['a'],
    });
    const range = { type: 'range', rows: 5, isMaximum: false, assumeGrouped: false };
    expect(of({ type: 'single_dim', partitionDimension: 'a', targetRowsPerSegment: 5 })).deep.equal({
      ...range,
      dimensions: ['a'],
    });
    const both = { type: 'range', partitionDimensions: ['a', 'b'], maxRowsPerSegment: 5 };
    expect(of(both)).deep.equal({ ...range, dimensions: ['a', 'b'], isMaximum: true });
    const P = 'spec.tuningConfig.partitionsSpec';
    const force = { forceGuaranteedRollup: true };
    const cases: [Json, string][] = [
      [{ partitionsSpec: { type: 'hashed' } }, P],
      [{ partitionsSpec: { type: 'dynamic' }, ...force }, P],
      [{ partitionsSpec: { type: 'hashed', numShards: 0 }, ...force }, `${P}.numShards`],
      [
        { partitionsSpec: { type: 'hashed', targetRowsPerSegment: -2 }, ...force },
        `${P}.targetRowsPerSegment`,
      ],
      [
        { partitionsSpec: { type: 'hashed', numShards: 2, targetRowsPerSegment: 3 }, ...force },
        `${P}.numShards`,
      ],
      [{ partitionsSpec: { type: 'hashed', partitionFunction: 'x' }, ...force }, `${P}.partitionFunction`],
      [{ partitionsSpec: { type: 'range', targetRowsPerSegment: 3 }, ...force }, `${P}.partitionDimensions`],
      [
        { partitionsSpec: { type: 'single_dim', partitionDimension: 'a' }, ...force },
        `${P}.targetRowsPerSegment`,
      ],
    ];
    for (const [given, field] of cases) expect(tuning(given)).deep.equal({ code: 'InvalidInput', field });
  });

  it('refuses plainly what it can not do yet', () => {
    const S = 'spec.dataSchema';
    const cases: [{ code: string; field: unknown }, string][] = [
      [
        schema({ dimensionsSpec: { dimensions: [{ type: 'spatial', name: 'x' }] } }),
        `${S}.dimensionsSpec.dimensions[0].type`,
      ],
      [schema({ transformSpec: { transforms: [{ type: 'odd' }] } }), `${S}.transformSpec.transforms[0].type`],
      [schema({ metricsSpec: [{ type: 'thetaSketch', name: 'x' }] }), `${S}.metricsSpec[0].type`],
      [io({ inputSource: { type: 's3', uris: [] } }), 'spec.ioConfig.inputSource.type'],
      [io({ inputFormat: { type: 'orc' } }), 'spec.ioConfig.inputFormat.type'],
    ];
    for (const [got, field] of cases) expect(got).deep.equal({ code: 'Unsupported', field });
    expect(schema({ transformSpec: { transforms: [], filter: null } }).code).equal('none');
  });
});
