/** Functions on stored complex values and base64. A hyperUnique value is its stored bytes. */
import { Buffer } from 'node:buffer';
import { estimateHyperUnique } from '../../../segment/format/hyper-unique.js';
import { HyperUnique } from '../../../segment/format/hyper-unique-sketch.js';
import { parseJson } from '../../json/parse.js';
import { argument, type ExprFunction, validationError } from '../function.js';
import { evaluationError } from '../operators.js';
import { asString, double, isArrayType, type Json, long, nullValue, string, type Value } from '../value.js';

const sketchType = 'COMPLEX<hyperUnique>';

/** Bytes travel where JSON does in other complex values. */
const sketch = (bytes: Uint8Array | null): Value => ({
  type: sketchType,
  value: bytes as unknown as Json,
});

function bytesOf(name: string, value: Value): Uint8Array | null {
  if (value.type !== sketchType)
    throw validationError(
      `Function[${name}] requires a hyper-log-log collector but got ${value.type} instead`,
    );
  return value.value as unknown as Uint8Array | null;
}

const emptySketch = new HyperUnique().toBytes();

/** Also what has been added to another sketch, when the value is one. */
function add(args: readonly Value[]): Value {
  const name = 'hyper_unique_add';
  const value = argument(args, 0);
  const bytes = bytesOf(name, argument(args, 1));
  const sum = HyperUnique.fromBytes(bytes ?? emptySketch);
  if (value.type === sketchType) {
    const other = bytesOf(name, value);
    if (other !== null) sum.merge(HyperUnique.fromBytes(other));
  } else if (value.value !== null) {
    if (isArrayType(value.type)) throw evaluationError(`Function[${name}] does not accept ${value.type}`);
    sum.addBytes(hashed(value));
  }
  return sketch(sum.toBytes());
}

/** Texts as UTF-8, numbers as eight bytes, lowest first. */
function hashed(value: Value): Uint8Array {
  if (value.type !== 'LONG' && value.type !== 'DOUBLE') return Buffer.from(asString(value) ?? '', 'utf8');
  const bytes = Buffer.alloc(8);
  if (value.type === 'LONG') bytes.writeBigInt64LE(value.value as bigint);
  else bytes.writeDoubleLE(value.value as number);
  return bytes;
}

function estimate(name: string, result: (estimated: number) => Value): ExprFunction {
  const apply = (args: readonly Value[]): Value => {
    const bytes = bytesOf(name, argument(args, 0));
    return result(bytes === null ? 0 : estimateHyperUnique(bytes));
  };
  return { name, arity: [1, 1], apply };
}

/** Padding may be missing; undefined for what is no base64. */
function decodeBase64(text: string): Buffer | undefined {
  const body = text.replace(/={1,2}$/, '');
  if (!/^[A-Za-z0-9+/]*$/.test(body) || body.length % 4 === 1) return undefined;
  if (text.length !== body.length && text.length % 4 !== 0) return undefined;
  return Buffer.from(text, 'base64');
}

function decodeText(args: readonly Value[]): Value {
  const value = argument(args, 0);
  if (value.value === null) return nullValue;
  const bytes = decodeBase64(asString(value) ?? '');
  if (bytes === undefined) throw evaluationError('Function[decode_base64_utf8] the text is no base64');
  return string(bytes.toString('utf8'));
}

const decoders: Readonly<Record<string, (bytes: Buffer) => Json>> = {
  json: (bytes) => parseJson(bytes.toString('utf8'), { maxDepth: 200, allLongs: true }) as Json,
  hyperUnique: (bytes) => new Uint8Array(bytes) as unknown as Json,
};

function decodeComplex(constants: readonly (Value | undefined)[]): (args: readonly Value[]) => Value {
  const name = 'complex_decode_base64';
  const literal = constants[0];
  const typeName =
    literal?.type === 'STRING' && typeof literal.value === 'string' ? literal.value : undefined;
  if (typeName === undefined)
    throw validationError(`Function[${name}] first argument must be the constant name of a complex type`);
  const decode = Object.hasOwn(decoders, typeName) ? decoders[typeName] : undefined;
  if (decode === undefined)
    throw validationError(`Function[${name}] unknown COMPLEX type [COMPLEX<${typeName}>]`);
  const type = `COMPLEX<${typeName}>`;
  return (args) => {
    const value = argument(args, 1);
    if (value.value === null) return { type, value: null };
    if (value.type !== 'STRING')
      throw validationError(`Function[${name}] second argument must be a base64 encoded STRING`);
    const text = asString(value) ?? '';
    const bytes = decodeBase64(text);
    if (bytes === undefined) throw evaluationError(`Function[${name}] the text is no base64`);
    return { type, value: bytes.length === 0 && typeName === 'json' ? null : decode(bytes) };
  };
}

export const complexFunctions: readonly ExprFunction[] = [
  { name: 'hyper_unique', arity: [0, 0], apply: () => sketch(emptySketch) },
  { name: 'hyper_unique_add', arity: [2, 2], apply: add },
  estimate('hyper_unique_estimate', double),
  estimate('hyper_unique_round_estimate', (estimated) => long(BigInt(Math.round(estimated)))),
  { name: 'complex_decode_base64', arity: [2, 2], prepare: decodeComplex },
  { name: 'decode_base64_utf8', arity: [1, 1], apply: decodeText },
];
