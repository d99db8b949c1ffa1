import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import { idSuffix, makeTask, taskTraits } from './task-payload.js';

const making = { check: () => undefined, nowDate: '2024-05-01T00:00:00.000Z', suffix: 'abcdefgh' };
const index = {
  type: 'index_parallel',
  spec: {
    dataSchema: {
      dataSource: 'd',
      timestampSpec: { column: 't' },
      granularitySpec: { segmentGranularity: 'HOUR' },
    },
    ioConfig: { inputSource: { type: 'inline', data: '' } },
  },
};

function refused(body: unknown): CodedError {
  try {
    makeTask(body, making);
  } catch (thrown) {
    if (thrown instanceof CodedError) return thrown;
    throw thrown;
  }
  throw new Error('expected a refusal');
}

describe('task payload', () => {
  it('gives an id in Druid’s form and writes the defaults out', () => {
    const made = makeTask(index, making);
    expect(made.taskId).to.equal('index_parallel_d_abcdefgh_2024-05-01T00:00:00.000Z');
    expect(made).to.deep.include({ groupId: made.taskId, dataSource: 'd', type: 'index_parallel' });
    expect(made.json).to.deep.equal({
      type: 'index_parallel',
      id: made.taskId,
      groupId: made.taskId,
      resource: { availabilityGroup: made.taskId, requiredCapacity: 1 },
      spec: {
        dataSchema: {
          dataSource: 'd',
          timestampSpec: { format: 'auto', missingValue: null, column: 't' },
          granularitySpec: {
            type: 'uniform',
            segmentGranularity: 'HOUR',
            queryGranularity: { type: 'none' },
            rollup: true,
            intervals: [],
          },
          transformSpec: { filter: null, transforms: [] },
        },
        ioConfig: {
          type: 'index_parallel',
          inputSource: { type: 'inline', data: '' },
          appendToExisting: false,
          dropExisting: false,
        },
      },
      context: { forceTimeChunkLock: true, useLineageBasedSegmentAllocation: true },
      dataSource: 'd',
    });
  });

  it('keeps id, group and context that are given', () => {
    const made = makeTask({ ...index, id: 'mine', groupId: 'g', context: { priority: 7 } }, making);
    expect([made.taskId, made.groupId]).to.deep.equal(['mine', 'g']);
    expect(taskTraits(JSON.stringify(made.json)).priority).to.equal(7);
  });

  it('makes a noop of almost nothing', () => {
    const made = makeTask({ type: 'noop' }, making);
    expect(made).to.deep.include({ taskId: 'noop_2024-05-01T00:00:00.000Z_abcdefgh', dataSource: 'none' });
    expect(refused({ type: 'noop', runTime: 'long' }).context['field']).to.equal('runTime');
  });

  it('makes a kill of datasource and interval', () => {
    const made = makeTask({ type: 'kill', dataSource: 'd', interval: '2024-01-01/P1D' }, making);
    expect(made.taskId).to.equal(
      'kill_d_abcdefgh_2024-01-01T00:00:00.000Z_2024-01-02T00:00:00.000Z_2024-05-01T00:00:00.000Z',
    );
    expect(made.json).to.deep.include({
      interval: '2024-01-01T00:00:00.000Z/2024-01-02T00:00:00.000Z',
      batchSize: 100,
      limit: null,
      versions: null,
    });
    const kill = { type: 'kill', dataSource: 'd', interval: '2024-01-01/P1D' };
    const fields = [
      [{ ...kill, dataSource: '../x' }, 'dataSource'],
      [{ ...kill, interval: 'x' }, 'interval'],
      [{ ...kill, batchSize: 0 }, 'batchSize'],
      [{ ...kill, limit: 1.5 }, 'limit'],
      [{ ...kill, versions: [1] }, 'versions'],
      [{ ...kill, markAsUnused: true }, 'markAsUnused'],
    ] as const;
    for (const [body, field] of fields) expect(refused(body).context['field']).to.equal(field);
  });

  const bad: readonly (readonly [string, unknown, RegExp])[] = [
    ['no object', [], /must be a JSON object with a type id/],
    ['no type', {}, /missing type id property 'type'/],
    ['an unknown type', { type: 'bogus' }, /type id 'bogus'/],
    [
      'an id with a slash',
      { type: 'noop', id: 'a b/2' },
      /Invalid value for field \[task ID\]: Value \[a b\/2\] cannot contain '\/'\./,
    ],
    ['an id that starts with a dot', { type: 'noop', id: '..' }, /cannot start with '\.'/],
    ['an id with a control character', { type: 'noop', id: 'a\u0000b' }, /control/],
    ['a very long id', { type: 'noop', id: 'a'.repeat(256) }, /longer than 255 bytes/],
    ['an id that is no text', { type: 'noop', id: 7 }, /must not be null/],
  ];
  for (const [title, body, message] of bad) {
    it(`refuses ${title}`, () => {
      const error = refused(body);
      expect(error.code).to.equal('InvalidInput');
      expect(error.message).to.match(message);
    });
  }

  it('tells an unknown type inside the spec in Druid’s words too', () => {
    const check = (): never => {
      throw new CodedError('Unsupported', 'no such aggregator', {
        field: 'spec.dataSchema.metricsSpec[1].type',
      });
    };
    const dataSchema = { dataSource: 'd', metricsSpec: [{ type: 'count' }, { type: 'nope' }] };
    const make = () => makeTask({ ...index, spec: { ...index.spec, dataSchema } }, { ...making, check });
    expect(make).to.throw("no such aggregator (could not resolve type id 'nope')");
  });

  it('says of Druid’s other tasks that they are not supported', () => {
    expect(refused({ type: 'compact' }).code).to.equal('Unsupported');
  });

  it('knows priority and lock of a stored task', () => {
    const traits = (json: unknown) => taskTraits(JSON.stringify(json));
    const appending = { ...index, spec: { ...index.spec, ioConfig: { appendToExisting: true } } };
    expect(traits(index)).to.deep.equal({
      priority: 50,
      isParent: false,
      supervisorTaskId: '',
      lockType: 'EXCLUSIVE',
    });
    expect(traits({ type: 'noop' }).priority).to.equal(0);
    expect(traits({ ...appending, context: { useConcurrentLocks: true } }).lockType).to.equal('APPEND');
    expect(traits({ ...index, context: { useConcurrentLocks: true } }).lockType).to.equal('REPLACE');
    expect(traits({ ...appending, context: { useSharedLock: true } }).lockType).to.equal('SHARED');
    expect(traits({ ...index, context: { useSharedLock: true } }).lockType).to.equal('EXCLUSIVE');
    expect(taskTraits('{broken')).to.deep.equal({
      priority: 0,
      isParent: false,
      supervisorTaskId: '',
      lockType: 'EXCLUSIVE',
    });
  });

  it('makes letters of hex', () => expect(idSuffix('0123cdef')).to.equal('abcdmnop'));
});
