import { expect } from 'chai';
import { CodedError, type ErrorCode } from '../../proto/errors.js';
import { seededRandom } from '../../runtime/clock.js';
import type { Node } from '../../runtime/types.js';
import { createVirtualClock } from '../../runtime/virtual-clock.js';
import type { NodeInventory } from '../inventory-watch.js';
import { Commands } from './commands.js';

const commandMs = 1_000;
const inventories = [{ info: { node: 'a' }, copies: new Map([['s', {}]]) }] as unknown as NodeInventory[];

describe('commands', () => {
  const clock = createVirtualClock();
  const random = seededRandom(1);
  const refusedWith = async (kind: 'load' | 'drop', code: ErrorCode): Promise<Commands> => {
    const node = {
      clusterId: () => 'c',
      deadline: () => ({}),
      bus: { request: () => Promise.reject(new CodedError(code, 'no')) },
    } as unknown as Node;
    const commands = new Commands(node, { commandMs, dropDelayMs: 0 });
    const command = { kind, node: 'a', segmentId: kind === 'drop' ? 's' : 't' };
    const error = await commands.send(1, command, '{}', { clock, random }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    commands.failed(command, error as CodedError);
    return commands;
  };

  it('are over when they are refused', async () => {
    for (const kind of ['load', 'drop'] as const)
      expect((await refusedWith(kind, 'StaleEpoch')).inFlight).to.deep.equal([]);
    expect((await refusedWith('load', 'Timeout')).inFlight).to.deep.equal([]);
  });

  it('to drop that nobody answered may still be obeyed: no other copy goes meanwhile', async () => {
    for (const code of ['Timeout', 'Unknown'] as const) {
      const commands = await refusedWith('drop', code);
      const now = clock.monotonic();
      commands.forgetDone(inventories, now + commandMs);
      expect(commands.inFlight).to.have.length(1);
      commands.forgetDone(inventories, now + 2 * commandMs);
      expect(commands.inFlight).to.deep.equal([]);
    }
  });
});
