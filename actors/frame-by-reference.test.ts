import { expect } from 'chai';
import { codecs } from '../proto/services.js';
import type { Frame } from '../query/frame.js';
import { createFrameCarrier } from './frame-by-reference.js';

const frame: Frame = {
  rows: 2,
  columns: [
    { name: 'n', type: 'LONG', values: BigInt64Array.of(1n, -5n) },
    {
      name: 's',
      type: 'STRING',
      values: Uint32Array.of(1, 0),
      nulls: Uint8Array.of(2),
      dictionary: { bytes: Buffer.from('abc'), ends: Uint32Array.of(1, 3) },
    },
  ],
};

describe('frames in messages', () => {
  const carrier = createFrameCarrier();

  it('are the same object within a process', () => {
    expect(carrier.decode(carrier.encode(frame))).to.equal(frame);
  });

  it('are encoded like any other message', () => {
    const bytes = codecs.Frame.encode(carrier.encode(frame));
    const back = carrier.decode(codecs.Frame.decode(bytes));
    expect(back).to.not.equal(frame);
    expect(back.rows).to.equal(2);
    const [numbers] = back.columns;
    expect(numbers?.type === 'LONG' && [...numbers.values]).to.deep.equal([1n, -5n]);
  });
});
