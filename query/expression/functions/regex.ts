/** Functions of regular expressions in Java's grammar; the pattern must be a literal. */
import { JavaPattern } from '../../regex/pattern.js';
import { argument, type ExprFunction, validationError } from '../function.js';
import { evaluationError } from '../operators.js';
import { asLong, asString, bool, isNumeric, long, nullValue, string, type Value } from '../value.js';

type Constants = readonly (Value | undefined)[];
type Apply = (args: readonly Value[]) => Value;

function patternAt(name: string, constants: Constants): JavaPattern {
  const literal = constants[1];
  if (literal === undefined || literal.type !== 'STRING' || typeof literal.value !== 'string')
    throw validationError(`Function[${name}] pattern must be a string literal`);
  return new JavaPattern(literal.value);
}

function extract(constants: Constants): Apply {
  const name = 'regexp_extract';
  const pattern = patternAt(name, constants);
  const group = constants[2];
  const index = group === undefined ? 0 : Number(BigInt.asIntN(32, asLong(group) ?? 0n));
  if (constants.length > 2 && (group === undefined || !isNumeric(group.type) || index < 0))
    throw validationError(`Function[${name}] index must be a numeric literal`);
  return (args) => {
    const text = asString(argument(args, 0));
    const match = text === null ? undefined : pattern.find(text);
    if (match === undefined) return string(null);
    if (index > pattern.groupCount) throw evaluationError(`Function[${name}] No group ${index}`);
    return string(match.group(index));
  };
}

function like(constants: Constants): Apply {
  const pattern = patternAt('regexp_like', constants);
  return (args) => {
    const text = asString(argument(args, 0));
    if (text === null) return long(null);
    return bool(pattern.test(text));
  };
}

/** Pattern and replacement may be columns too. */
function replace(constants: Constants): Apply {
  const literal = constants[1];
  const known =
    literal !== undefined && typeof literal.value === 'string' ? new JavaPattern(literal.value) : undefined;
  return (args) => {
    const text = asString(argument(args, 0));
    const source = asString(argument(args, 1));
    const by = asString(argument(args, 2));
    if (text === null || source === null || by === null) return nullValue;
    return string((known ?? new JavaPattern(source)).replaceAll(text, by));
  };
}

export const regexFunctions: readonly ExprFunction[] = [
  { name: 'regexp_extract', arity: [2, 3], prepare: extract },
  { name: 'regexp_like', arity: [2, 2], prepare: like },
  { name: 'regexp_replace', arity: [3, 3], prepare: replace },
];
