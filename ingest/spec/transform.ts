/** `spec.dataSchema.transformSpec`. */
import { CodedError, invalidInput } from '../../proto/errors.js';
import { expression } from '../../query/expression/expression.js';
import type { Filter } from '../../query/native/model.js';
import { parseOptionalFilter } from '../../query/native/filters.js';
import { anyLookup } from '../transform/lookup-asking.js';
import { rowTest } from '../transform/row-filter.js';
import type { JsonKeys } from './keys.js';

export interface TransformSpec {
  /** None sees the results of another; a name may be that of an input field, or `__time`. */
  readonly transforms: readonly { readonly name: string; readonly expression: string }[];
  /** Rows for which it does not hold are thrown away; it sees the transformed row. */
  readonly filter: Filter | undefined;
}

/** Undefined when nothing has to be done. */
export function checkTransform(keys: JsonKeys | undefined): TransformSpec | undefined {
  if (keys === undefined) return undefined;
  const transforms = (keys.list('transforms') ?? []).map((item, i) =>
    checkOne(keys.item(item, `${keys.at('transforms')}[${i}]`)),
  );
  const doubled = transforms.find((one, i) => transforms.findIndex(({ name }) => name === one.name) !== i);
  if (doubled !== undefined) throw keys.wrong('transforms', `holds a name twice: name[${doubled.name}]`);
  const filter = parseOptionalFilter(keys.raw('filter'), keys.at('filter'));
  // Some filters of queries have no meaning here.
  if (filter !== undefined) rowTest(filter, new Set(), anyLookup);
  keys.leftovers();
  return transforms.length === 0 && filter === undefined ? undefined : { transforms, filter };
}

function checkOne(keys: JsonKeys): { name: string; expression: string } {
  const type = keys.text('type');
  if (type !== 'expression') throw keys.unsupported('type', `transforms of type[${type}] are not supported`);
  const name = keys.text('name');
  const text = keys.text('expression');
  try {
    // Compiled here once, so that a bad expression fails the submission and not the first row.
    expression(text, anyLookup);
  } catch (thrown) {
    if (!(thrown instanceof CodedError)) throw thrown;
    throw invalidInput(`${keys.at('expression')}: ${thrown.message}`, keys.at('expression'));
  }
  keys.leftovers();
  return { name, expression: text };
}
