/** `lookup(key, name[, default])` over lookups that are handed in. */
import { CodedError } from '../../../proto/errors.js';
import type { ExpressionContext } from '../expression.js';
import { argument, type ExprFunction, validationError } from '../function.js';
import { asString, string, type Value } from '../value.js';

type Find = NonNullable<ExpressionContext['lookup']>;

/** In Druid's words. */
export function lookupNotFound(name: string): CodedError {
  return new CodedError('QueryFailed', `Lookup [${name}] not found`, {
    errorClass: 'org.apache.druid.java.util.common.ISE',
  });
}

export function lookupFunction(find: Find): ExprFunction {
  const prepare = (constants: readonly (Value | undefined)[]): ((args: readonly Value[]) => Value) => {
    const literal = constants[1];
    if (literal === undefined || literal.value === null)
      throw validationError('Function[lookup] second argument must be a literal');
    const fallbackValue = constants.length > 2 ? constants[2] : literal;
    if (fallbackValue === undefined)
      throw validationError('Function[lookup] third argument must be a literal');
    const fallback = constants.length > 2 ? asString(fallbackValue) : null;
    const name = asString(literal) ?? '';
    const lookup = find(name);
    return (args) => {
      // The expression may be looked at where no lookups are: only a row needs it.
      if (lookup === undefined) throw lookupNotFound(name);
      return string(lookup.apply(asString(argument(args, 0))) ?? fallback);
    };
  };
  return { name: 'lookup', arity: [2, 3], prepare, isPure: false };
}
