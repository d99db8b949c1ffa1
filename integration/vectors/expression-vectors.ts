/** Expressions: values, grammar, multi-value strings, types found at run time. */
import { columnsOf, stringify } from '../../query/expression/ast.js';
import { castTo } from '../../query/expression/cast.js';
import { type Expression, expression, type ExpressionContext } from '../../query/expression/expression.js';
import { applyMultiValues } from '../../query/expression/multi-value.js';
import { parseExpression } from '../../query/expression/parser.js';
import { bestEffort, nullValue, type Value } from '../../query/expression/value.js';
import { decodeValue, isIllTyped, readJson, sameData, show, type TypedJson } from './typed-value.js';
import { attempt, illTyped, judge, type Vector, type Verdict } from './vector.js';

type Bindings = Readonly<Record<string, TypedJson & { readonly multi?: boolean }>>;

const words = new Map<string, string>([
  ['foo', 'bar'],
  ['1', 'one'],
  ['', 'empty'],
]);
const context: ExpressionContext = {
  lookup: (name) =>
    name === 'lk' || name === 'lk_inj'
      ? { injective: name === 'lk_inj', apply: (key) => (key === null ? null : (words.get(key) ?? null)) }
      : undefined,
};

/** Java allows its own results to be off by as much. */
const inexact =
  /\b(?:a?sin|a?cos|a?tan|atan2|sinh|cosh|tanh|cot|exp|expm1|log|log10|log1p|pow|cbrt|hypot|todegrees|toradians|sqrt)\b|\^/i;

const compile = (text: string): Expression => expression(text, context);

function valuesOf(bindings: Bindings): Map<string, Value> {
  return new Map(
    Object.entries(bindings).map(([name, bound]) => [
      name,
      decodeValue(bound.multi === true ? { type: 'ARRAY<STRING>', value: bound.value } : bound),
    ]),
  );
}

function different(wanted: TypedJson, actual: Value, ulps: number): Verdict {
  const complexOnly = typeof wanted.value === 'object' && wanted.value !== null && 'complex' in wanted.value;
  if (!complexOnly && isIllTyped(wanted)) return illTyped;
  const value = decodeValue(wanted);
  if (!complexOnly && !sameData(value.value, actual.value, ulps))
    return `got ${actual.type} ${show(actual.value)}, wanted ${show(wanted)}`;
  if (value.value !== null && wanted.type !== actual.type)
    return `got type ${actual.type} of ${show(actual.value)}, wanted ${wanted.type}`;
  return undefined;
}

export function expressionVector(vector: Vector): Verdict {
  const text = vector['expr'] as string;
  const values = valuesOf((vector['bindings'] ?? {}) as Bindings);
  const compiled = attempt(() => compile(text));
  if ('value' in compiled && vector.error?.phase === 'parse' && vector.lenient !== true)
    return judge(vector, compiled, () => undefined);
  const outcome = attempt(() => {
    if ('thrown' in compiled) throw compiled.thrown;
    return compiled.value.evaluate((name) => values.get(name) ?? nullValue);
  });
  return judge(vector, outcome, (value) =>
    different(vector['result'] as TypedJson, value, inexact.test(text) ? 2 : 0),
  );
}

export function grammarVector(vector: Vector): Verdict {
  const text = vector['expr'] as string;
  const outcome = attempt(() => ({ node: parseExpression(text), compiled: compile(text) }));
  // Folding fails, and for us that is a failure of the whole expression.
  if (vector['foldError'] !== undefined && 'thrown' in outcome) return undefined;
  return judge(vector, outcome, ({ node, compiled }) => {
    const problems: string[] = [];
    const same = (what: string, actual: unknown, wanted: unknown): void => {
      if (show(actual) !== show(wanted))
        problems.push(`${what}: got ${show(actual)}, wanted ${show(wanted)}`);
    };
    same('unfolded', stringify(node), vector['unfolded']);
    same('folded', stringify(compiled.folded), vector['folded']);
    same('required', [...columnsOf(node)].toSorted(), vector['required']);
    same('constant', compiled.folded.kind === 'literal', vector['constant']);
    const uses = compiled.uses;
    same('arrayBindings', [...uses.arrays].toSorted(), vector['arrayBindings']);
    same('outputArray', uses.givesArray, vector['outputArray']);
    if (vector['result'] !== undefined) {
      const found = different(
        vector['result'] as TypedJson,
        compiled.evaluate(() => nullValue),
        0,
      );
      if (found !== undefined) problems.push(found);
    }
    return problems.length === 0 ? undefined : problems.join('; ');
  });
}

export function multiValueVector(vector: Vector): Verdict {
  const text = vector['expr'] as string;
  const bindings = vector['bindings'] as Bindings;
  const values = valuesOf(bindings);
  const several = Object.keys(bindings).filter((name) => bindings[name]?.multi === true);
  const outcome = attempt(() => {
    const applied = applyMultiValues(compile(text).node, new Set(several));
    const value = expression(applied, context).evaluate((name) => values.get(name) ?? nullValue);
    return { applied: stringify(applied), value };
  });
  return judge(vector, outcome, ({ applied, value }) => {
    if (vector['applied'] !== undefined && applied !== vector['applied'])
      return `got ${applied}, wanted ${show(vector['applied'])}`;
    return different(vector['result'] as TypedJson, value, 0);
  });
}

export function bestEffortVector(vector: Vector): Verdict {
  const outcome = attempt(() => bestEffort(readJson(vector['json'] as string)));
  return judge(vector, outcome, (value) => {
    const problems = [different(vector['result'] as TypedJson, value, 0)];
    for (const [type, wanted] of Object.entries(vector['castTo'] as Record<string, Vector>)) {
      const cast = attempt(() => castTo(value, type));
      const verdict = judge(wanted, cast, (found) => different({ type, value: wanted['value'] }, found, 0));
      problems.push(verdict === undefined ? undefined : `cast to ${type}: ${verdict}`);
    }
    return problems.filter((each) => each !== undefined).join('; ') || undefined;
  });
}
