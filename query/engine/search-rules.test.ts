import { expect } from 'chai';
import { askOf, objectColumn } from './test-answers.js';

const ask = askOf({
  __time: { kind: 'long', values: [0n, 1n, 2n, 3n] },
  text: { kind: 'string', values: ['b', 'a', 'b', 'c'] },
  tags: { kind: 'strings', values: [['A', 'a'], ['a', 'a'], [], ['b']] },
  long: { kind: 'long', values: [7n, 2n, 7n, 30n] },
  list: objectColumn('ARRAY<STRING>', [null, null, null, ['a']]),
  doc: objectColumn('json', [null, null, null, null]),
});

/** Hits as dimension=value:count. */
async function hitsOf(searchDimensions: unknown[], more: object = {}): Promise<string> {
  const [entry] = (await ask({ queryType: 'search', searchDimensions, ...more })) as {
    result: { dimension: string; value: string | null; count: number }[];
  }[];
  return (entry?.result ?? [])
    .map(({ dimension, value, count }) => `${dimension}=${value}:${count}`)
    .join(' ');
}

describe('search by index and by row', () => {
  // No index answers it, and every row passes.
  const byRow = { type: 'bound', dimension: 'long', lower: '0', ordering: 'numeric' };

  it('values of an index are counted whole until there are enough', async () => {
    expect(await hitsOf(['text', 'tags'], { limit: 2 })).to.equal('text=a:1 text=b:2');
  });

  it('rows are counted until there are enough', async () => {
    expect(await hitsOf(['text'], { filter: byRow, limit: 2 })).to.equal('text=a:1 text=b:1');
    expect(await hitsOf(['text'], { filter: byRow, limit: 9 })).to.equal('text=a:1 text=b:2 text=c:1');
  });

  it('dimensions without an index come last, and first where the filter has none', async () => {
    expect(await hitsOf(['long', 'text'], { limit: 4 })).to.equal('long=7:1 text=a:1 text=b:2 text=c:1');
    // A row is looked at even if there are enough, and its hit may sort before others.
    expect(await hitsOf(['long', 'text'], { limit: 3 })).to.equal('long=7:1 text=a:1 text=b:2');
    expect(await hitsOf(['text', 'long'], { filter: byRow, limit: 1 })).to.equal('long=7:1');
  });

  it('an index counts a row once a value, a row itself as often as it holds it and not without any', async () => {
    expect(await hitsOf(['tags'])).to.equal('tags=null:1 tags=A:1 tags=a:2 tags=b:1');
    expect(await hitsOf(['tags'], { filter: byRow })).to.equal('tags=A:1 tags=a:3 tags=b:1');
    const lower = { type: 'extraction', dimension: 'tags', outputName: 'o', extractionFn: { type: 'lower' } };
    expect(await hitsOf([lower])).to.equal('o=null:1 o=a:3 o=b:1');
  });

  it('documents have no text, arrays are refused', async () => {
    expect(await hitsOf(['doc'])).to.equal('');
    const failure: unknown = await hitsOf(['list']).catch((error: unknown) => error);
    expect(failure).to.have.property('code', 'QueryFailed');
  });
});
