import { expect } from 'chai';
import { JsonKeys } from './spec/keys.js';
import { checkParallel, type ParallelTuning } from './spec/parallel.js';
import { joinSources, planSplits, type SplitEntity } from './splits.js';

const file = (name: string, sizeBytes: number): SplitEntity => ({
  sizeBytes,
  alone: { type: 'local', files: [name], systemFields: [] },
});
const names = (splits: readonly (readonly SplitEntity[])[]): string[] =>
  splits.map((split) => split.map(({ alone }) => String(alone['files'])).join('+'));

describe('splits', () => {
  it('are closed by bytes and by number; nothing is lost, nothing is cut', () => {
    const input = [file('a', 5), file('b', 5), file('c', 90), file('d', 1), file('e', 1)];
    const split = (bytesMax: number, entitiesMax: number): string[] =>
      names(planSplits(input, { bytesMax, entitiesMax }));
    expect(split(10, 9)).to.deep.equal(['a+b', 'c', 'd+e']);
    expect(split(1000, 2)).to.deep.equal(['a+b', 'c+d', 'e']);
    expect(split(1, 9)).to.deep.equal(['a', 'b', 'c', 'd', 'e']);
    expect(planSplits([], { bytesMax: 1, entitiesMax: 1 })).to.deep.equal([]);
  });

  it('are read by one source: lists joined, else combined', () => {
    const joined = joinSources([file('a', 1).alone, file('b', 1).alone]);
    expect(joined).to.deep.equal({ type: 'local', files: ['a', 'b'], systemFields: [] });
    expect(joinSources([file('a', 1).alone])).to.deep.equal(file('a', 1).alone);
    const other = { type: 'http', uris: ['u'] };
    expect(joinSources([file('a', 1).alone, other])).to.deep.equal({
      type: 'combining',
      delegates: [file('a', 1).alone, other],
    });
    const segment = (segmentId: string) => ({
      type: 'druid',
      dataSource: 'd',
      segments: [{ segmentId, intervals: ['2024-01-01/2024-01-02'] }],
      dimensions: ['x'],
    });
    expect(joinSources([segment('s1'), segment('s2')])).to.deep.equal({
      ...segment('s1'),
      segments: [...segment('s1').segments, ...segment('s2').segments],
    });
  });

  const tuning = (json: object): ParallelTuning => checkParallel(new JsonKeys(json, 'spec.tuningConfig'));

  it("have Druid's defaults and its sizes with units", () => {
    expect(tuning({})).to.deep.equal({
      subTasksMax: 1,
      triesMax: 3,
      mergeTasksMax: 10,
      splitHint: { bytesMax: 2 ** 30, entitiesMax: 1000 },
    });
    const hint = (splitHintSpec: object) => tuning({ splitHintSpec }).splitHint;
    expect(hint({ type: 'maxSize', maxSplitSize: '512MiB' }).bytesMax).to.equal(512 * 2 ** 20);
    expect(hint({ type: 'maxSize', maxSplitSize: '1g' }).bytesMax).to.equal(1e9);
    expect(hint({ type: 'segments', maxInputSegmentBytesPerTask: 7, maxNumSegments: 2 })).to.deep.equal({
      bytesMax: 7,
      entitiesMax: 2,
    });
    expect(tuning({ maxRetry: -1 }).triesMax).to.equal(1);
  });

  it('are refused by the name of the key', () => {
    const refused = (json: object, message: string): void =>
      void expect(() => tuning(json)).to.throw(`spec.tuningConfig.${message}`);
    refused({ maxNumConcurrentSubTasks: 0 }, 'maxNumConcurrentSubTasks must be positive');
    refused({ totalNumMergeTasks: 0 }, 'totalNumMergeTasks must be positive');
    refused({ splitHintSpec: { type: 'x' } }, 'splitHintSpec.type is unknown');
    refused({ splitHintSpec: { type: 'maxSize', maxSplitSize: '5 apples' } }, 'splitHintSpec.maxSplitSize');
    refused(
      { splitHintSpec: { type: 'maxSize', maxNumFiles: 0 } },
      'splitHintSpec.maxNumFiles must be larger',
    );
  });
});
