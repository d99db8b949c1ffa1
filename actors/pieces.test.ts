import { expect } from 'chai';
import { Pieces } from './pieces.js';

async function all(pieces: Pieces<number>): Promise<number[]> {
  const found: number[] = [];
  for await (const piece of pieces.read()) found.push(piece);
  return found;
}

describe('pieces of an answer', () => {
  it('come in order, before and after the reader waits', async () => {
    const pieces = new Pieces<number>();
    pieces.push(1, 2);
    const read = all(pieces);
    await Promise.resolve();
    pieces.push(3);
    await Promise.resolve();
    pieces.push(4);
    pieces.end();
    expect(await read).to.deep.equal([1, 2, 3, 4]);
  });

  it('end with the error, after what came before it', async () => {
    const pieces = new Pieces<number>();
    pieces.push(1);
    pieces.end({ error: new Error('broken') });
    const found: number[] = [];
    let message = '';
    try {
      for await (const piece of pieces.read()) found.push(piece);
    } catch (error) {
      message = error instanceof Error ? error.message : '';
    }
    expect([found, message]).to.deep.equal([[1], 'broken']);
  });
});
