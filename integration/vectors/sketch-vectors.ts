/** hyperUnique: the hash of one value, the bytes of the sketch, its estimate. */
import { estimateHyperUnique } from '../../segment/format/hyper-unique.js';
import { HyperUnique, placeOfBytes } from '../../segment/format/hyper-unique-sketch.js';
import { murmur128 } from '../../segment/format/murmur.js';
import { sameDouble } from './typed-value.js';
import type { Vector, Verdict } from './vector.js';

export function hyperUniqueHash(vector: Vector): Verdict {
  const bytes = Buffer.from(String(vector['hashedBytesHex']), 'hex');
  const hash = Buffer.alloc(16);
  for (const [i, half] of murmur128(bytes).entries()) hash.writeBigUInt64LE(BigInt.asUintN(64, half), i * 8);
  if (hash.toString('hex') !== vector['murmur3_128']) return `hash: got ${hash.toString('hex')}`;
  const { register } = placeOfBytes(bytes);
  if (register !== vector['bucket']) return `bucket: got ${register}, wanted ${String(vector['bucket'])}`;
  const sketch = new HyperUnique();
  const use = String(vector['use']);
  if (use.startsWith('hyperUnique')) {
    const text = Buffer.from(String(vector['input']), 'utf8');
    if (!text.equals(bytes)) return `hashed bytes: got ${text.toString('hex')}`;
    sketch.addText(String(vector['input']));
  } else sketch.addBytes(bytes);
  return checkSketch(vector, sketch.toBytes(), vector['sketch'], sketch.toBytes());
}

interface Updates {
  readonly gen: string;
  readonly prefix?: string;
  readonly from: number;
  readonly to: number;
}

export function hyperUniqueEstimate(vector: Vector): Verdict {
  const sketch = new HyperUnique();
  const { updates, fold } = vector as { updates?: Updates; fold?: readonly string[] };
  if (updates !== undefined) {
    if (updates.gen !== 'strings') return `the generator[${updates.gen}] is not known`;
    for (let i = updates.from; i < updates.to; i++) sketch.addText(`${updates.prefix ?? ''}${i}`);
  }
  for (const each of fold ?? []) sketch.merge(HyperUnique.fromBytes(Buffer.from(each, 'base64')));
  const wanted = Buffer.from(String(vector['bytes']), 'base64');
  // Druid estimates from the stored bytes, whose sparse form may end in empty triples.
  return checkSketch(vector, sketch.toBytes(), vector['bytes'], wanted);
}

function checkSketch(vector: Vector, got: Uint8Array, wanted: unknown, estimated: Uint8Array): Verdict {
  const text = trimmed(Buffer.from(got)).toString('base64');
  const expected = trimmed(Buffer.from(String(wanted), 'base64')).toString('base64');
  if (text !== expected) return `bytes: got ${text.slice(0, 80)}, wanted ${expected.slice(0, 80)}`;
  for (const bytes of [got, estimated]) {
    const estimate = estimateHyperUnique(bytes);
    if (!sameDouble(estimate, Number(vector['estimate']), 4)) {
      return `estimate: got ${estimate}, wanted ${String(vector['estimate'])}`;
    }
    const rounded = vector['estimateRound'];
    if (rounded !== undefined && Math.round(estimate) !== rounded)
      return `rounded: got ${Math.round(estimate)}`;
  }
  return undefined;
}

const HEAD_BYTES = 7;

/** Without empty triples at the end of the sparse form. */
function trimmed(bytes: Buffer): Buffer {
  let end = bytes.length;
  if (bytes.length === HEAD_BYTES + 1024) return bytes;
  while (end - 3 >= HEAD_BYTES && bytes[end - 1] === 0 && bytes[end - 2] === 0 && bytes[end - 3] === 0)
    end -= 3;
  return bytes.subarray(0, end);
}
