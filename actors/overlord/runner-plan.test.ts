import { expect } from 'chai';
import { planAssignments, planCare, type WaitingTask, type Worker } from './runner-plan.js';

const task = (taskId: string, more: Partial<WaitingTask> = {}): WaitingTask => ({
  taskId,
  groupId: taskId,
  priority: 50,
  createdDate: '2024-01-01T00:00:00.000Z',
  isParent: false,
  isSubTask: false,
  ...more,
});
const worker = (node: string, slots: number, running: Worker['running'] = [], enabled = true): Worker => ({
  node,
  slots,
  enabled,
  running,
});
const busy = (count: number, isParent = false): Worker['running'] =>
  Array.from({ length: count }, (_, i) => ({ taskId: `r${i}`, isParent }));
const plan = (waiting: readonly WaitingTask[], workers: readonly Worker[]): string[] =>
  planAssignments(waiting, workers).map(({ taskId, node }) => `${taskId}→${node}`);

describe('runner plan', () => {
  it('fills the roomiest worker first and leaves the rest waiting', () => {
    const workers = [worker('a', 2, busy(1)), worker('b', 2)];
    expect(
      plan(
        ['1', '2', '3', '4'].map((id) => task(id)),
        workers,
      ),
    ).to.deep.equal(['1→b', '2→a', '3→b']);
  });

  it('passes by workers that are full or not enabled', () => {
    expect(plan([task('1')], [worker('a', 1, busy(1)), worker('b', 4, [], false)])).to.deep.equal([]);
    expect(plan([task('1')], [])).to.deep.equal([]);
  });

  it('takes sub-tasks first, then priority, then age', () => {
    const waiting = [
      task('old', { createdDate: '2023-01-01T00:00:00.000Z' }),
      task('new'),
      task('high', { priority: 75 }),
      task('sub', { groupId: 'parent', isSubTask: true, priority: 0 }),
    ];
    expect(plan(waiting, [worker('a', 9)])).to.deep.equal(['sub→a', 'high→a', 'old→a', 'new→a']);
  });

  it('leaves a slot for the sub-tasks that parents wait for', () => {
    const parents = ['1', '2', '3'].map((id) => task(id, { isParent: true }));
    expect(plan(parents, [worker('a', 3)])).to.deep.equal(['1→a', '2→a']);
    expect(plan([...parents, task('4')], [worker('a', 3)])).to.deep.equal(['1→a', '2→a', '4→a']);
    expect(plan(parents, [worker('a', 2, busy(1, true))])).to.deep.equal([]);
    expect(plan(parents, [worker('a', 1)])).to.deep.equal(['1→a']);
  });

  describe('care', () => {
    const running = (heardAtMs: number, incarnation = 'i', node = 'a') => [
      { taskId: 't', node, incarnation, heardAtMs },
    ];
    const care = (tasks: ReturnType<typeof running>) =>
      planCare(tasks, new Set(['a']), 100_000, 60_000, 5_000);

    it('leaves tasks alone that are heard', () => {
      expect(care(running(99_000))).to.deep.equal([]);
      expect(care(running(45_000))).to.deep.equal([]);
      expect(care(running(97_000, ''))).to.deep.equal([]);
    });
    it('announces again what was never heard of, while its worker lives', () => {
      expect(care(running(90_000, ''))).to.deep.equal([{ kind: 'announce', taskId: 't', node: 'a' }]);
      expect(care(running(90_000, '', 'gone'))).to.deep.equal([]);
    });
    it('ends what was silent for longer than the lease', () => {
      expect(care(running(30_000))[0]).to.deep.include({ kind: 'fail', taskId: 't' });
      const [gone] = care(running(30_000, '', 'gone'));
      expect(gone?.kind === 'fail' && gone.reason).to.match(
        /^Worker\[gone\] and its task\[t\] gave no sign of life for 70 s$/,
      );
    });
  });
});
