import { expect } from 'chai';
import { backoffNone, planEnd, restartLimitsDefault, type EndedChild } from './supervisor-plan.js';
import type { StopReason } from './types.js';

const failed: StopReason = { kind: 'failed', error: new Error('x') };
const normal: StopReason = { kind: 'normal' };

/** `p` permanent, `t` transient, `x` temporary; upper case = up. */
function input(children: string, index: number, more: Partial<EndedChild> = {}): EndedChild {
  const policies = { p: 'permanent', t: 'transient', x: 'temporary' } as const;
  return {
    strategy: 'one_for_one',
    limits: restartLimitsDefault,
    children: children.split('').map((c) => ({
      restart: policies[c.toLowerCase() as 'p' | 't' | 'x'],
      up: c !== c.toLowerCase(),
    })),
    index,
    reason: failed,
    restartsAtMs: [],
    backoff: backoffNone,
    nowMs: 0,
    ...more,
  };
}

describe('runtime/supervisor-plan', () => {
  it('restarts by policy and reason', () => {
    const cases: readonly (readonly [string, StopReason, string])[] = [
      ['p', failed, 'restart'],
      ['p', normal, 'restart'],
      ['t', failed, 'restart'],
      ['t', normal, 'over'],
      ['t', { kind: 'shutdown' }, 'over'],
      ['x', failed, 'over'],
    ];
    for (const [child, reason, kind] of cases) {
      expect(planEnd(input(child, 0, { reason })).kind, `${child} ${reason.kind}`).to.equal(kind);
    }
  });

  it('takes the right siblings along, right to left, and starts left to right', () => {
    const cases = [
      { strategy: 'one_for_one', children: 'PpP', stop: [], start: [1], retire: [] },
      { strategy: 'rest_for_one', children: 'PpPXp', stop: [3, 2], start: [1, 2, 4], retire: [3] },
      { strategy: 'one_for_all', children: 'PtPx', stop: [2, 0], start: [0, 1, 2], retire: [3] },
    ] as const;
    for (const { strategy, children, stop, start, retire } of cases) {
      const plan = planEnd(input(children, 1, { strategy }));
      expect(plan).to.deep.include({ kind: 'restart', stop, start, retire });
    }
  });

  it('gives up at the sixth failure within a minute, not when they are spread', () => {
    let restartsAtMs: readonly number[] = [];
    for (let i = 0; i < 5; i++) {
      const plan = planEnd(input('Pp', 1, { restartsAtMs, nowMs: i * 1_000 }));
      expect(plan.kind).to.equal('restart');
      if (plan.kind === 'restart') restartsAtMs = plan.restartsAtMs;
    }
    expect(planEnd(input('Pp', 1, { restartsAtMs, nowMs: 59_999 }))).to.deep.equal({
      kind: 'giveUp',
      restarts: 5,
      stop: [0],
    });
    expect(planEnd(input('Pp', 1, { restartsAtMs, nowMs: 60_000 })).kind).to.equal('restart');
  });

  it('backs off from 100 ms, doubling to 10 s, and starts over after a quiet time', () => {
    const limits = { ...restartLimitsDefault, restartsMax: 100 };
    let backoff = backoffNone;
    const ceilings: number[] = [];
    for (let i = 0; i < 9; i++) {
      const plan = planEnd(input('p', 0, { limits, backoff, nowMs: i * 20_000 }));
      if (plan.kind !== 'restart') throw new Error('no restart');
      ceilings.push(plan.backoffCeilingMs);
      backoff = plan.backoff;
    }
    expect(ceilings).to.deep.equal([100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
    const after = planEnd(input('p', 0, { limits, backoff, nowMs: 160_000 + 60_000 }));
    expect(after).to.deep.include({ backoffCeilingMs: 100 });
  });
});
