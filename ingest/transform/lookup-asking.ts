/** Contexts for looking at parts of a spec where the lookups themselves are not: every name is taken. */
import type { ExpressionContext, ExpressionLookup } from '../../query/expression/expression.js';

const emptyLookup: ExpressionLookup = { apply: () => null };

/** For checks, whose results are thrown away. */
export const anyLookup: ExpressionContext = { lookup: () => emptyLookup };

/** `names` collects what is asked for. */
export function askingFor(names: Set<string>): ExpressionContext {
  return {
    lookup(name) {
      names.add(name);
      return emptyLookup;
    },
  };
}
