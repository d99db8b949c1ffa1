/** `format`: texts in the way of Java's `String.format`, English, dates in UTC. */
import { CodedError } from '../../../proto/errors.js';
import { exactDoubleText } from '../../../segment/format/java-digits.js';
import { argument, type ExprFunction } from '../function.js';
import { asString, nullValue, string, type Value } from '../value.js';
import { bitsOf } from './double-bits.js';
import { formatTimePart } from './format-time.js';

const directive = /%(?:(\d+)\$)?([-#+ 0,(<]*)(\d+)?(?:\.(\d+))?([tT](?=[a-zA-Z]))?([a-zA-Z%])/y;
/** Wider fields are refused. */
const widest = 10_000;

interface Spec {
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
  /** "t" or "T" in front of the letter of a date's part. */
  readonly time: string;
  readonly letter: string;
}

/** Does not fit the pattern: Druid then lists the arguments behind it. */
class Misfit extends Error {}

function format(args: readonly Value[]): Value {
  const pattern = asString(argument(args, 0));
  if (pattern === null) return nullValue;
  const values = args.slice(1);
  return string(
    formatText(pattern, values) ?? [pattern, ...values.map((value) => asString(value) ?? 'null')].join('; '),
  );
}

/** The text by the pattern; undefined when a value doesn't fit it. */
export function formatText(pattern: string, values: readonly Value[]): string | undefined {
  try {
    return fill(pattern, values);
  } catch (thrown) {
    if (thrown instanceof Misfit) return undefined;
    throw thrown;
  }
}

function fill(pattern: string, values: readonly Value[]): string {
  let result = '';
  let at = 0;
  let next = 0;
  let last = -1;
  while (at < pattern.length) {
    const percent = pattern.indexOf('%', at);
    if (percent < 0) return result + pattern.slice(at);
    result += pattern.slice(at, percent);
    directive.lastIndex = percent;
    const match = directive.exec(pattern);
    if (match === null) throw new Misfit();
    at = directive.lastIndex;
    const spec = specOf(match);
    if (spec.time === '' && (spec.letter === '%' || spec.letter === 'n')) {
      result += aligned(spec.letter === 'n' ? '\n' : '%', spec);
      continue;
    }
    last = spec.flags.includes('<') ? last : match[1] === undefined ? next++ : Number(match[1]) - 1;
    const value = values[last];
    if (value === undefined) throw new Misfit();
    result += one(spec, value);
  }
  return result;
}

function specOf(match: RegExpExecArray): Spec {
  const width = match[3] === undefined ? 0 : Number(match[3]);
  const precision = match[4] === undefined ? undefined : Number(match[4]);
  const flags = match[2] ?? '';
  if (width > widest || (precision ?? 0) > widest)
    throw new CodedError('QueryFailed', `Function[format] a field wider than ${widest} is not built`);
  if (flags.includes('-') && match[3] === undefined) throw new Misfit();
  return { flags, width, precision, time: match[5] ?? '', letter: match[6] ?? '' };
}

function aligned(text: string, { flags, width }: Spec): string {
  return flags.includes('-') ? text.padEnd(width) : text.padStart(width);
}

function general(text: string, spec: Spec): string {
  return aligned(spec.precision === undefined ? text : text.slice(0, spec.precision), spec);
}

function one(spec: Spec, value: Value): string {
  if (spec.time !== '') return datePart(spec, value);
  const upper = spec.letter !== spec.letter.toLowerCase();
  const text = converted({ ...spec, letter: spec.letter.toLowerCase() }, value);
  return upper ? text.toUpperCase() : text;
}

function datePart(spec: Spec, value: Value): string {
  if (spec.precision !== undefined || /[^<-]/.test(spec.flags)) throw new Misfit();
  let text: string | undefined = 'null';
  if (value.value !== null) {
    if (value.type !== 'LONG') throw new Misfit();
    text = formatTimePart(spec.letter, value.value as bigint);
  }
  if (text === undefined) throw new Misfit();
  return aligned(spec.time === 'T' ? text.toUpperCase() : text, spec);
}

function converted(spec: Spec, value: Value): string {
  switch (spec.letter) {
    case 's':
      return general(asString(value) ?? 'null', spec);
    case 'b':
      return general(String(value.value !== null), spec);
    case 'h':
      return general(value.value === null ? 'null' : (hashOf(value) >>> 0).toString(16), spec);
    default:
      if (!'acdoxefg'.includes(spec.letter)) throw new Misfit();
  }
  if (value.value === null) return general('null', spec);
  if (spec.letter === 'c') return aligned(character(value), spec);
  if ('dox'.includes(spec.letter)) {
    if (value.type !== 'LONG' || spec.precision !== undefined) throw new Misfit();
    return whole(spec, value.value as bigint);
  }
  if (value.type !== 'DOUBLE') throw new Misfit();
  return real(spec, value.value as number);
}

/** Java's hashCode of a Long, Double or String. */
function hashOf(value: Value): number {
  if (value.type === 'STRING') {
    let hash = 0;
    const text = String(asString(value));
    for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
    return hash;
  }
  const bits = value.type === 'DOUBLE' ? bitsOf(value.value as number) : (value.value as bigint);
  return Number(BigInt.asIntN(32, bits ^ (BigInt.asUintN(64, bits) >> 32n)));
}

function character(value: Value): string {
  const code = value.type === 'LONG' ? Number(value.value) : -1;
  // Java takes an int here, and the values are longs.
  if (code < 0 || value.type === 'LONG') throw new Misfit();
  return String.fromCodePoint(code);
}

/** Sign, grouping and zero padding of a number's digits. */
function signed(spec: Spec, negative: boolean, digits: string): string {
  const { flags, width } = spec;
  let open = '';
  let close = '';
  if (negative) {
    open = flags.includes('(') ? '(' : '-';
    close = flags.includes('(') ? ')' : '';
  } else if (flags.includes('+')) {
    open = '+';
  } else if (flags.includes(' ')) {
    open = ' ';
  }
  const [before = '', after] = digits.split('.');
  const grouped = flags.includes(',') ? before.replace(/\B(?=(?:\d{3})+$)/g, ',') : before;
  let body = after === undefined ? grouped : `${grouped}.${after}`;
  if (flags.includes('0')) body = body.padStart(width - open.length - close.length, '0');
  return aligned(`${open}${body}${close}`, spec);
}

function whole(spec: Spec, value: bigint): string {
  if (spec.letter === 'd') return signed(spec, value < 0n, (value < 0n ? -value : value).toString());
  const digits = BigInt.asUintN(64, value).toString(spec.letter === 'o' ? 8 : 16);
  const prefix = spec.flags.includes('#') ? (spec.letter === 'o' ? '0' : '0x') : '';
  const padded = spec.flags.includes('0') ? digits.padStart(spec.width - prefix.length, '0') : digits;
  return aligned(prefix + padded, spec);
}

function real(spec: Spec, value: number): string {
  const negative = value < 0 || Object.is(value, -0);
  if (!Number.isFinite(value)) return special(spec, value);
  if (spec.letter === 'a') return hexadecimal(spec, value);
  const precision = spec.precision ?? 6;
  const size = Math.abs(value);
  if (spec.letter === 'f') return signed(spec, negative, fixed(size, precision));
  if (spec.letter === 'e') return signed(spec, negative, scientific(size, precision));
  const significant = Math.max(1, precision);
  const rounded = size === 0 ? 0 : Number(scientific(size, significant - 1));
  if (rounded !== 0 && (rounded < 1e-4 || rounded >= 10 ** significant))
    return signed(spec, negative, scientific(size, significant - 1));
  const before = rounded === 0 ? 1 : Math.floor(Math.log10(rounded)) + 1;
  return signed(spec, negative, fixed(size, Math.max(0, significant - before)));
}

function special({ flags, ...spec }: Spec, value: number): string {
  const text = Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
  return aligned(flags.includes('+') && value > 0 ? `+${text}` : text, {
    ...spec,
    flags: flags.replaceAll('0', ''),
  });
}

/** As Java's `Double.toHexString`: "0x1.8p1". */
function hexadecimal(spec: Spec, value: number): string {
  if (/[,(]/.test(spec.flags)) throw new Misfit();
  const bits = BigInt.asUintN(63, bitsOf(value));
  let exponent = Number(bits >> 52n) - 1023;
  let mantissa = bits & 0xf_ffff_ffff_ffffn;
  let lead = exponent === -1023 ? 0n : 1n;
  if (lead === 0n) exponent = mantissa === 0n ? 0 : -1022;
  const places = spec.precision === undefined ? 13 : Math.max(1, spec.precision);
  if (places < 13 && value !== 0) {
    const unit = 1n << BigInt(52 - 4 * places);
    const rest = mantissa % unit;
    const up = rest * 2n > unit || (rest * 2n === unit && (mantissa / unit) % 2n === 1n);
    mantissa += (up ? unit : 0n) - rest;
    if (mantissa >> 52n === 1n) {
      mantissa = 0n;
      if (lead === 0n) lead = 1n;
      else exponent++;
    }
  }
  const digits = mantissa.toString(16).padStart(13, '0').replace(/0+$/, '');
  const shown = spec.precision === undefined ? digits.padEnd(1, '0') : digits.padEnd(places, '0');
  const sign = value < 0 || Object.is(value, -0) ? '-' : (/[+ ]/.exec(spec.flags)?.[0] ?? '');
  const body = `${lead}.${shown}p${exponent}`;
  const filled = spec.flags.includes('0') ? body.padStart(spec.width - sign.length - 2, '0') : body;
  return aligned(`${sign}0x${filled}`, spec);
}

/** The decimal text's digits as a whole number times a power of ten. */
function decimal(size: number): { digits: bigint; exponent: number } {
  const [mantissa = '0', power = '0'] = exactDoubleText(size).split('E');
  const [before = '0', after = ''] = mantissa.split('.');
  return { digits: BigInt(before + after), exponent: Number(power) - after.length };
}

/** Rounded half up on the decimal text, as Java does. */
function scaled({ digits, exponent }: { digits: bigint; exponent: number }, places: number): bigint {
  const shift = exponent + places;
  if (shift >= 0) return digits * 10n ** BigInt(shift);
  if (-shift > 800) return 0n;
  const unit = 10n ** BigInt(-shift);
  return (digits + unit / 2n) / unit;
}

function point(value: bigint, places: number): string {
  const text = value.toString().padStart(places + 1, '0');
  return places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}`;
}

function fixed(size: number, places: number): string {
  return point(scaled(decimal(size), places), places);
}

function scientific(size: number, places: number): string {
  const parts = decimal(size);
  let power = size === 0 ? 0 : parts.digits.toString().length - 1 + parts.exponent;
  let value = scaled(parts, places - power);
  if (value.toString().length > places + 1 && size !== 0) {
    power++;
    value = scaled(parts, places - power);
  }
  return `${point(value, places)}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

export const formatFunctions: readonly ExprFunction[] = [
  { name: 'format', arity: [1, Infinity], apply: format },
];
