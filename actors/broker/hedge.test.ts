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
    /** When the time is over. */
    readonly afterwards?: () => void;
    readonly dropped?: string[];
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
      drop: async (value) => void options.dropped?.push(value),
    }).catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
    return clock.advance(options.ms).then(async () => {
      options.afterwards?.();
      return { outcome: await work, asked };
    });
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
    let fail: (error: Error) => void = () => undefined;
    const first = new Promise<string>((_, reject) => (fail = reject));
    const done = race({
      first: () => first,
      second: failing,
      ms: 500,
      afterwards: () => fail(new Error('first')),
    });
    expect(await done).to.deep.equal({ outcome: 'first', asked: 1 });
  });
  it('hands on what came too late', async () => {
    const dropped: string[] = [];
    // Goes on, however often it is told to stop.
    let finish: (value: string) => void = () => undefined;
    const first = new Promise<string>((resolve) => (finish = resolve));
    const second = async (): Promise<string> => 'b';
    const afterwards = (): void => finish('a');
    const done = await race({ first: () => first, second, ms: 500, afterwards, dropped });
    expect(done).to.deep.equal({ outcome: { value: 'b', by: 'second' }, asked: 1 });
    expect(dropped).to.deep.equal(['a']);
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
