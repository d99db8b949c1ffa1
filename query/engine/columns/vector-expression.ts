/**
 * Which expressions Druid works out a vector of rows at a time: the one table of its functions that can. A query with
 * any other looks at its rows one by one; a filter's list of values is one text on vectors.
 */
import { columnsOf, type Node } from '../../expression/ast.js';
import { type ExprType, isArrayType, isComplex } from '../../expression/value.js';
import { expressionType, type TypeOf } from './expression-type.js';

type Call = Extract<Node, { kind: 'call' }>;

const ofNumbers = new Set(
  `abs acos asin atan atan2 cbrt ceil copysign cos cosh cot div exp expm1 floor getexponent hypot log log10 log1p max
  min nextafter nextup pow remainder rint scalb signum sin sinh sqrt tan tanh todegrees toradians ulp bitwiseand
  bitwiseor bitwisexor bitwisecomplement bitwiseshiftleft bitwiseshiftright bitwiseconvertdoubletolongbits
  bitwiseconvertlongbitstodouble`.split(/\s+/),
);

/** `typeOf` has a string with several values as a string. Types that are not known stand in nobody's way. */
export function isOnVectors(node: Node, typeOf: TypeOf): boolean {
  const every = (nodes: readonly Node[], fits: (type: ExprType) => boolean): boolean =>
    nodes.every((each) => {
      const type = expressionType(each, typeOf);
      return (type === undefined || fits(type)) && isOnVectors(each, typeOf);
    });
  switch (node.kind) {
    case 'literal':
    case 'identifier':
      return true;
    case 'apply':
      return false;
    case 'unary':
      return node.operator === '!' ? isOnVectors(node.operand, typeOf) : every([node.operand], isNumeric);
    case 'binary': {
      const sides = [node.left, node.right];
      if (node.operator !== '&&' && node.operator !== '||') return every(sides, isScalar);
      const [first, second] = sides.map((each) => expressionType(each, typeOf));
      return every(sides, () => first === undefined || second === undefined || first === second);
    }
    case 'call':
      return isCallOnVectors(node, every);
  }
}

function isCallOnVectors(
  { name, args }: Call,
  every: (nodes: readonly Node[], fits: (type: ExprType) => boolean) => boolean,
): boolean {
  const lower = name.toLowerCase();
  const first = args.slice(0, 1);
  const isGiven = args.slice(1).every(({ kind }) => kind === 'literal');
  switch (lower) {
    case 'pi':
      return true;
    case 'isnull':
    case 'notnull':
      return every(first, anyType);
    case 'cast':
    case 'timestamp_floor':
    case 'timestamp_shift':
      return isGiven && every(first, anyType);
    case 'parse_long': {
      const [, base] = args;
      return (base === undefined || isWhole(base)) && every(first, anyType);
    }
    case 'nvl':
    case 'coalesce':
      return args.length === 2 && every(args, anyType);
    case 'concat':
      return every(args, isScalar);
    default:
      return ofNumbers.has(lower) && every(args, isNumeric);
  }
}

const isWhole = (node: Node): boolean => node.kind === 'literal' && isNumeric(node.value.type);
const anyType = (): boolean => true;
const isScalar = (type: ExprType): boolean => !isArrayType(type) && !isComplex(type);
const isNumeric = (type: ExprType): boolean => type === 'LONG' || type === 'DOUBLE';

/** Functions that have a list for its text; others of those on vectors fail on one in Druid. */
const takingLists = new Set(['concat', 'cast', 'isnull', 'notnull', 'timestamp_floor', 'timestamp_shift']);

/**
 * A filter on vectors that takes a row's list as one text instead of asking each value. `several`: the strings with
 * several values. Only where lists are put into texts, cast, computed with as numbers or looked at for null: elsewhere
 * Druid fails on a list, and each value is asked as without vectors. One column alone is answered by its index.
 */
export function takesListsAsTexts(node: Node, several: ReadonlySet<string>, typeOf: TypeOf): boolean {
  if (several.size === 0 || columnsOf(node).size < 2) return false;
  const flat: TypeOf = (name) => (several.has(name) ? 'STRING' : typeOf(name));
  return isOnVectors(node, flat) && !failsOnLists(node, several, flat);
}

function failsOnLists(node: Node, several: ReadonlySet<string>, typeOf: TypeOf): boolean {
  const isList = (each: Node): boolean => each.kind === 'identifier' && several.has(each.name);
  switch (node.kind) {
    case 'literal':
    case 'identifier':
    case 'apply':
      return isList(node);
    case 'unary':
      return failsOnLists(node.operand, several, typeOf);
    case 'binary': {
      const { operator, left, right } = node;
      const sides = [left, right];
      const isComputed = !['&&', '||'].includes(operator) && sides.some((each) => isNumber(each, typeOf));
      return sides.some((each) => !(isComputed && isList(each)) && failsOnLists(each, several, typeOf));
    }
    case 'call': {
      const isTaken = takingLists.has(node.name.toLowerCase());
      return node.args.some((each) => !(isTaken && isList(each)) && failsOnLists(each, several, typeOf));
    }
  }
}

function isNumber(node: Node, typeOf: TypeOf): boolean {
  const type = expressionType(node, typeOf);
  return type !== undefined && isNumeric(type);
}
