/** The table that kernels need for writing numbers: made when it is first asked for. */
import type { Kernels } from './load.js';

const powerMin = -292;
const powerMax = 324;
const tens = 20;

/**
 * Powers of ten from 10^-292 to 10^324, each scaled by a power of two into [2^127, 2^128) and rounded up or one up: the
 * high word, then the low one. Then 10^0 to 10^19, and the digits 00 to 99.
 */
function numberTable(): Uint8Array {
  const powers = powerMax - powerMin + 1;
  const words = new BigUint64Array(powers * 2 + tens);
  for (let i = 0; i < powers; i++) {
    const scaled = scaledPower(powerMin + i);
    words[i * 2] = scaled >> 64n;
    words[i * 2 + 1] = BigInt.asUintN(64, scaled);
  }
  for (let i = 0; i < tens; i++) words[powers * 2 + i] = 10n ** BigInt(i);
  const table = new Uint8Array(words.byteLength + 200);
  table.set(new Uint8Array(words.buffer));
  for (let i = 0; i < 100; i++) {
    table[words.byteLength + i * 2] = 48 + Math.floor(i / 10);
    table[words.byteLength + i * 2 + 1] = 48 + (i % 10);
  }
  return table;
}

/** 10^power in 128 bits: exact where it fits, otherwise the next above. */
function scaledPower(power: number): bigint {
  const size = 10n ** BigInt(Math.abs(power));
  const bits = size.toString(2).length;
  if (power >= 0) {
    const over = BigInt(bits - 128);
    if (over <= 0n) return size << -over;
    const cut = size >> over;
    return cut << over === size ? cut : cut + 1n;
  }
  // 2^(bits - 1) < 10^-power < 2^bits.
  return (1n << BigInt(bits + 127)) / size + 1n;
}

let made: Uint8Array | undefined;
const placed = new WeakMap<Kernels, number>();

/** Where it lies in the kernels' memory; it stays there. */
export function placeNumberTable(kernels: Kernels): number {
  const known = placed.get(kernels);
  if (known !== undefined) return known;
  made ??= numberTable();
  const pointer = kernels.arena.alloc(made.length);
  kernels.arena.bytes(pointer, made.length).set(made);
  placed.set(kernels, pointer);
  return pointer;
}
