/** Functions on the bits of longs. Doubles are cast to long first. */
import { argument, type ExprFunction } from '../function.js';
import { evaluationError } from '../operators.js';
import { asDouble, asLong, double, long, nullValue, type Value } from '../value.js';
import { bitsOf, fromBits } from './double-bits.js';

function onTwo(name: string, apply: (x: bigint, y: bigint) => bigint): ExprFunction {
  return {
    name,
    arity: [2, 2],
    apply: (args) => {
      const left = argument(args, 0);
      const right = argument(args, 1);
      if (left.value === null || right.value === null) return nullValue;
      if (left.type === 'STRING' && right.type === 'STRING') return long(null);
      return long(apply(asLong(left) ?? 0n, asLong(right) ?? 0n));
    },
  };
}

function onOne(name: string, apply: (value: Value) => Value): ExprFunction {
  return {
    name,
    arity: [1, 1],
    apply: (args) => {
      const value = argument(args, 0);
      if (value.value === null) return nullValue;
      return value.type === 'LONG' || value.type === 'DOUBLE' ? apply(value) : nullValue;
    },
  };
}

/** Doubles beyond the range of a long are refused by some of these. */
function wholeLong(name: string, value: Value): bigint {
  const x = asDouble(value) ?? 0;
  if (value.type === 'DOUBLE' && (x > 2 ** 63 || x < -(2 ** 63))) {
    throw evaluationError(
      `Function[${name}] Possible data truncation, param [${x}] is out of LONG value range`,
    );
  }
  return asLong(value) ?? 0n;
}

export const bitwiseFunctions: readonly ExprFunction[] = [
  onTwo('bitwiseAnd', (x, y) => x & y),
  onTwo('bitwiseOr', (x, y) => x | y),
  onTwo('bitwiseXor', (x, y) => x ^ y),
  onTwo('bitwiseShiftLeft', (x, y) => x << (y & 63n)),
  onTwo('bitwiseShiftRight', (x, y) => x >> (y & 63n)),
  onOne('bitwiseComplement', (value) => long(~wholeLong('bitwiseComplement', value))),
  onOne('bitwiseConvertDoubleToLongBits', (value) => long(bitsOf(asDouble(value) ?? 0))),
  onOne('bitwiseConvertLongBitsToDouble', (value) =>
    double(fromBits(wholeLong('bitwiseConvertLongBitsToDouble', value))),
  ),
];
