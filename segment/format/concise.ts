/** Concise bitmaps, written from ascending row numbers: literals and plain fills. */
import type { ByteWriter } from './bytes.js';

const literalBit = 0x80000000;
const fullLiteral = 0xffffffff;
const onesFill = 0x40000000;
const fillBlocksMax = 0x2000000;

/** Writes the bitmap of rows[from, to), which ascend strictly. No rows: no bytes. */
export function writeConcise(out: ByteWriter, rows: Uint32Array, from: number, to: number): void {
  let block = 0;
  let ones = 0;
  const flushOnes = () => {
    putFill(out, ones, onesFill);
    ones = 0;
  };
  for (let at = from; at < to;) {
    const target = Math.floor((rows[at] as number) / 31);
    if (target > block) {
      flushOnes();
      putFill(out, target - block, 0);
      block = target;
    }
    let literal = 0;
    for (; at < to && Math.floor((rows[at] as number) / 31) === target; at++) {
      literal |= 1 << ((rows[at] as number) % 31);
    }
    const word = (literal | literalBit) >>> 0;
    if (word === fullLiteral) ones++;
    else {
      flushOnes();
      out.i32(word | 0);
    }
    block++;
  }
  flushOnes();
}

/** A fill of one block must be a literal. */
function putFill(out: ByteWriter, blocks: number, kind: number): void {
  let left = blocks;
  while (left > 0) {
    const now = Math.min(left, fillBlocksMax);
    if (now === 1) out.i32((kind === 0 ? literalBit : fullLiteral) | 0);
    else out.i32(kind | (now - 1));
    left -= now;
  }
}
