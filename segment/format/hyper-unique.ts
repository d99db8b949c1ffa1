/** The estimate of a hyperUnique sketch, from its bytes (version 1, and the older version 0). */

const registerCount = 2048;
const registerBytes = 1024;
const alpha = 0.7213 / (1 + 1.079 / registerCount);

interface Layout {
  readonly headBytes: number;
  readonly offset: number;
  readonly overflowValue: number;
  readonly overflowRegister: number;
}

function layoutOf(bytes: Uint8Array): Layout {
  const isOld = bytes.length % 3 === 0 || bytes.length === registerBytes + 3;
  if (isOld) return { headBytes: 3, offset: bytes[0] ?? 0, overflowValue: 0, overflowRegister: 0 };
  return {
    headBytes: 7,
    offset: bytes[1] ?? 0,
    overflowValue: bytes[4] ?? 0,
    overflowRegister: ((bytes[5] ?? 0) << 8) | (bytes[6] ?? 0),
  };
}

/** Distinct values seen, estimated. Bytes that are no sketch estimate something, but never throw. */
export function estimateHyperUnique(bytes: Uint8Array): number {
  if (bytes.length === 0) return 0;
  const { headBytes, offset, overflowValue, overflowRegister } = layoutOf(bytes);
  const registers = new Uint8Array(registerBytes);
  if (bytes.length === headBytes + registerBytes) registers.set(bytes.subarray(headBytes));
  else {
    for (let at = headBytes; at + 2 < bytes.length; at += 3) {
      const position = (((bytes[at] as number) << 8) | (bytes[at + 1] as number)) - headBytes;
      const value = bytes[at + 2] as number;
      if (value !== 0 && position >= 0 && position < registerBytes) registers[position] = value;
    }
  }
  let sum = 0;
  let zeros = 0;
  for (let register = 0; register < registerCount; register++) {
    const byte = registers[register >>> 1] as number;
    const nibble = (register & 1) === 0 ? byte >>> 4 : byte & 15;
    if (nibble === 0) zeros++;
    const value = offset + nibble;
    sum += 2 ** -(register === overflowRegister ? Math.max(value, overflowValue) : value);
  }
  const estimate = (alpha * registerCount * registerCount) / sum;
  if (estimate <= 2.5 * registerCount)
    return zeros === 0 ? estimate : registerCount * Math.log(registerCount / zeros);
  if (estimate > 2 ** 64 / 30) return -(2 ** 64) * Math.log(1 - estimate / 2 ** 64);
  return estimate;
}
