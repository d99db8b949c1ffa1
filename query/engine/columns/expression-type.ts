/** The type of an expression's values, as far as it can be told from the types of its columns. */
import type { Node } from '../../expression/ast.js';
import { elementType, type ExprType, isArrayType, isComplex } from '../../expression/value.js';

/** Undefined = not known before a row is seen. */
export type TypeOf = (column: string) => ExprType | undefined;

const longFunctions = new Set(
  `isnull notnull istrue isfalse nottrue notfalse isdistinctfrom notdistinctfrom like strlen strpos contains_string
  icontains_string regexp_like timestamp timestamp_floor timestamp_ceil timestamp_shift timestamp_parse unix_timestamp
  parse_long div ipv4_match ipv6_match ipv4_parse array_length array_offset_of array_ordinal_of array_contains
  array_overlap scalar_in_array bitwiseand bitwiseor bitwisexor bitwisecomplement bitwiseshiftleft bitwiseshiftright
  bitwiseconvertdoubletolongbits getexponent any all`.split(/\s+/),
);
const doubleFunctions = new Set(
  `acos asin atan atan2 cbrt ceil cos cosh cot exp expm1 floor hypot log log10 log1p nextafter nextup pi pow rint
  scalb signum sin sinh sqrt tan tanh todegrees toradians ulp copysign remainder array_quantile
  bitwiseconvertlongbitstodouble`.split(/\s+/),
);
const stringFunctions = new Set(
  `concat format lookup regexp_extract regexp_replace replace substring left right trim ltrim rtrim lower upper reverse
  repeat lpad rpad decode_base64_utf8 timestamp_format array_to_string to_json_string ipv4_stringify
  human_readable_binary_byte_format human_readable_decimal_byte_format human_readable_decimal_format`.split(
    /\s+/,
  ),
);
const jsonFunctions = new Set(['json_object', 'json_query', 'json_merge', 'parse_json', 'try_parse_json']);
const firstArgument = new Set(['abs', 'round']);
/** A scalar stands for an array of itself. */
const firstArray = new Set([
  'array_append',
  'array_concat',
  'array_slice',
  'array_set_add',
  'array_set_add_all',
]);

export function expressionType(node: Node, typeOf: TypeOf): ExprType | undefined {
  switch (node.kind) {
    case 'literal':
      return node.value.value === null ? undefined : node.value.type;
    case 'identifier':
      return typeOf(node.name);
    case 'unary':
      return node.operator === '!' ? 'LONG' : expressionType(node.operand, typeOf);
    case 'binary':
      return binaryType(node, typeOf);
    case 'call':
      return callType(node, typeOf);
    case 'apply':
      return applyType(node, typeOf);
  }
}

function binaryType(node: Extract<Node, { kind: 'binary' }>, typeOf: TypeOf): ExprType | undefined {
  if (!['+', '-', '*', '/', '%', '^'].includes(node.operator)) return 'LONG';
  const left = expressionType(node.left, typeOf);
  const right = expressionType(node.right, typeOf);
  if (left === 'STRING' && right === 'STRING') return 'STRING';
  if (left === undefined || right === undefined) return left ?? right;
  return left === 'LONG' && right === 'LONG' ? 'LONG' : 'DOUBLE';
}

function arrayOf(type: ExprType | undefined): ExprType | undefined {
  return type === undefined || isArrayType(type) || isComplex(type) ? type : `ARRAY<${type}>`;
}

function common(types: readonly (ExprType | undefined)[]): ExprType | undefined {
  const known = [...new Set(types.filter((type) => type !== undefined))];
  if (known.length <= 1) return known[0];
  const array = known.find(isArrayType);
  if (array !== undefined) return array;
  if (known.includes('STRING')) return 'STRING';
  return known.every((type) => type === 'LONG' || type === 'DOUBLE') ? 'DOUBLE' : undefined;
}

function callType({ name, args }: Extract<Node, { kind: 'call' }>, typeOf: TypeOf): ExprType | undefined {
  const lower = name.toLowerCase();
  if (longFunctions.has(lower)) return 'LONG';
  if (doubleFunctions.has(lower)) return 'DOUBLE';
  if (stringFunctions.has(lower)) return 'STRING';
  if (jsonFunctions.has(lower)) return 'COMPLEX<json>';
  const types = args.map((arg) => expressionType(arg, typeOf));
  if (firstArgument.has(lower)) return types[0];
  if (firstArray.has(lower)) return arrayOf(types[0]);
  switch (lower) {
    case 'cast':
    case 'json_value': {
      const target = args[lower === 'cast' ? 1 : 2];
      return target?.kind === 'literal' && typeof target.value.value === 'string'
        ? target.value.value.toUpperCase()
        : lower === 'json_value'
          ? 'STRING'
          : undefined;
    }
    case 'if':
      return common(types.slice(1));
    case 'case_searched':
      return common(types.filter((_, i) => i % 2 === 1 || i === types.length - 1));
    case 'case_simple':
      return common(types.filter((_, i) => i > 0 && (i % 2 === 0 || i === types.length - 1)));
    case 'timestamp_extract': {
      const unit = args[1]?.kind === 'literal' ? args[1].value.value : undefined;
      const isDouble = typeof unit === 'string' && /^(?:century|millennium)$/i.test(unit);
      return isDouble ? 'DOUBLE' : 'LONG';
    }
    case 'nvl':
    case 'coalesce':
    case 'greatest':
    case 'least':
      return common(types);
    case 'max':
    case 'min':
    case 'safe_divide':
      return types.every((type) => type === 'LONG') ? 'LONG' : 'DOUBLE';
    case 'array':
      return `ARRAY<${common(types) ?? 'STRING'}>`;
    case 'array_offset':
    case 'array_ordinal':
      return types[0] !== undefined && isArrayType(types[0]) ? elementType(types[0]) : types[0];
    case 'string_to_array':
    case 'mv_to_array':
    case 'mv_harmonize_nulls':
    case 'json_keys':
    case 'json_paths':
      return 'ARRAY<STRING>';
    case 'array_prepend':
      return arrayOf(types[1]);
    default:
      return undefined;
  }
}

function applyType(node: Extract<Node, { kind: 'apply' }>, typeOf: TypeOf): ExprType | undefined {
  const name = node.name.toLowerCase();
  if (name === 'any' || name === 'all') return 'LONG';
  const args = node.args.map((arg) => expressionType(arg, typeOf));
  if (name === 'filter') return args[0];
  const elements = args.map((type) => (type !== undefined && isArrayType(type) ? elementType(type) : type));
  const { parameters, body } = node.lambda;
  const inner: TypeOf = (column) => {
    const at = parameters.indexOf(column);
    return at < 0 ? typeOf(column) : elements[at];
  };
  const result = expressionType(body, inner);
  if (!name.endsWith('map')) return result;
  return result === undefined ? undefined : `ARRAY<${result}>`;
}

const trims = new Set(['trim', 'ltrim', 'rtrim']);
const choosing = new Set(['if', 'nvl', 'coalesce', 'case_searched', 'case_simple', 'greatest', 'least']);

/** Values are texts or null in every row, not only where a text is asked for. */
export function isSurelyText(node: Node, typeOf: TypeOf): boolean {
  if (expressionType(node, typeOf) !== 'STRING') return false;
  if (node.kind !== 'call') return node.kind !== 'apply';
  const name = node.name.toLowerCase();
  const [first, second, third] = node.args;
  if (name === 'json_value') return third !== undefined;
  if (trims.has(name)) return first !== undefined && isSurelyText(first, typeOf);
  if (!choosing.has(name)) return true;
  const isText = (arg: Node | undefined): boolean =>
    arg === undefined || isNull(arg) || isSurelyText(arg, typeOf);
  if (name === 'if') return isText(second) && isText(third);
  if (!name.startsWith('case_')) return node.args.every(isText);
  const from = name === 'case_simple' ? 1 : 0;
  return node.args.every((arg, i) => {
    const isResult = i === node.args.length - 1 || (i >= from && (i - from) % 2 === 1);
    return !isResult || isText(arg);
  });
}

function isNull(node: Node): boolean {
  return node.kind === 'literal' && node.value.value === null;
}

const numbersOfTexts = new Set(['div', 'max', 'min', 'safe_divide']);

/** Numbers that Druid takes for texts when they are computed for each of a row's values. */
export function isNumberAsText(node: Node, typeOf: TypeOf): boolean {
  if (node.kind !== 'call' || !numbersOfTexts.has(node.name.toLowerCase())) return false;
  return node.args.some((arg) => expressionType(arg, typeOf) === 'STRING');
}
