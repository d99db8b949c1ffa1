import { expect } from 'chai';
import { createVirtualClock } from '../../runtime/virtual-clock.js';
import { hedged } from './hedge.js';

describe('hedge', () => {
  const never = (signal: AbortSignal): Promise<string> =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
  function race(options: {
    readonly first: (signal: AbortSignal, heard: () => void) => Promise<string>;
    readonly second?: (signal: AbortSignal) => Promise<string>;
    readonly ms: number;
  }) {
    const clock = createVirtualClock();
    let asked = 0;
    const work = hedged({
      setTimer: (ms, action) => clock.setTimer(ms, action),
      silentMs: 100,
      signal: new AbortController().signal,
      first: options.first,
      second: () => {
        asked += 1;
        return options.second;
      },
    }).catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
    return clock.advance(options.ms).then(async () => ({ outcome: await work, asked }));
  }

  it('leaves a quick one alone', async () => {
    const done = await race({ first: async () => 'a', second: async () => 'b', ms: 500 });
    expect(done).to.deep.equal({ outcome: { value: 'a', by: 'first' }, asked: 0 });
  });
  it('asks others when one is silent, once, and cancels it', async () => {
    const done = await race({ first: never, second: async () => 'b', ms: 500 });
    expect(done).to.deep.equal({ outcome: { value: 'b', by: 'second' }, asked: 1 });
  });
  it('keeps to the first when the second fails, and tells the first error', async () => {
    const failing = async (): Promise<string> => Promise.reject(new Error('second'));
    const late = (): Promise<string> => Promise.reject(new Error('first'));
    expect(await race({ first: late, second: failing, ms: 500 })).to.deep.equal({
      outcome: 'first',
      asked: 0,
    });
  });
  it('has nobody else to ask', async () => {
    let finish: (value: string) => void = () => undefined;
    const first = new Promise<string>((resolve) => (finish = resolve));
    const clock = createVirtualClock();
    const work = hedged({
      setTimer: (ms, action) => clock.setTimer(ms, action),
      silentMs: 100,
      signal: new AbortController().signal,
      first: () => first,
      second: () => undefined,
    });
    await clock.advance(1_000);
    finish('a');
    expect(await work).to.deep.equal({ value: 'a', by: 'first' });
  });
});
