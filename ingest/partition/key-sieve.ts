/** Tells keys that were seen before, in fixed memory: now and then a new key passes for an old one, never the reverse. */
import { murmur32 } from '../../segment/format/murmur.js';

const BITS = 1 << 25;
const PROBES = 4;

export class KeySieve {
  readonly #bits = new Uint8Array(BITS / 8);

  /** True when the key is new. */
  add(key: string): boolean {
    const bytes = Buffer.from(key, 'utf8');
    const first = murmur32(bytes);
    const second = murmur32(bytes, first) | 1;
    let isNew = false;
    for (let i = 0; i < PROBES; i++) {
      const bit = (first + Math.imul(i, second)) & (BITS - 1);
      const mask = 1 << (bit & 7);
      if ((this.#bits[bit >>> 3]! & mask) === 0) {
        isNew = true;
        this.#bits[bit >>> 3]! |= mask;
      }
    }
    return isNew;
  }
}
