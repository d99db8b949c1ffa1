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

/** Distinct values seen, estimated as Druid does. Bytes that are no sketch estimate something, but never throw. */
export function estimateHyperUnique(bytes: Uint8Array): number {
  if (bytes.length === 0) return 0;
  const layout = layoutOf(bytes);
  const { headBytes } = layout;
  const sum: Sum = { inverse: 0, zeros: 0 };
  if (bytes.length === headBytes + registerBytes) {
    for (let at = 0; at < registerBytes; at++) addPair(sum, layout, at, bytes[headBytes + at] as number);
  } else {
    const triples = Math.floor((bytes.length - headBytes) / 3);
    sum.zeros = registerCount - 2 * triples;
    for (let at = headBytes; at + 2 < bytes.length; at += 3) {
      const position = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
      addPair(sum, layout, position, bytes[at + 2] as number);
    }
    sum.inverse += sum.zeros;
  }
  const estimate = (alpha * registerCount * registerCount) / sum.inverse;
  if (estimate <= 2.5 * registerCount)
    return sum.zeros === 0 ? estimate : registerCount * Math.log(registerCount / sum.zeros);
  if (estimate > 2 ** 64 / 30) return -(2 ** 64) * Math.log(1 - estimate / 2 ** 64);
  return estimate;
}

interface Sum {
  inverse: number;
  zeros: number;
}

/** Two registers. `position` is counted as stored, so that sparse forms meet the overflow elsewhere: Druid's way. */
function addPair(sum: Sum, layout: Layout, position: number, pair: number): void {
  const { offset, overflowValue, overflowRegister } = layout;
  let upper = pair >>> 4;
  let lower = pair & 15;
  if (overflowValue === 0 || position !== overflowRegister >>> 1) {
    sum.zeros += (upper === 0 ? 1 : 0) + (lower === 0 ? 1 : 0);
    sum.inverse += 2 ** -(offset + upper) + 2 ** -(offset + lower);
    return;
  }
  upper += offset;
  lower += offset;
  if ((overflowRegister & 1) === 0) upper = Math.max(upper, overflowValue);
  else lower = Math.max(lower, overflowValue);
  sum.zeros += ((upper & 0xf0) === 0 ? 1 : 0) + ((lower & 0x0f) === 0 ? 1 : 0);
  sum.inverse += 2 ** -upper + 2 ** -lower;
}
