/** `inputFormat.flattenSpec`. */
import { CodedError, invalidInput } from '../../proto/errors.js';
import { jqFirst } from '../flatten/jq.js';
import { jsonPath } from '../flatten/json-path.js';
import type { JsonKeys } from './keys.js';

export type FlattenField =
  | { readonly type: 'root' | 'path' | 'jq'; readonly name: string; readonly expr: string }
  | { readonly type: 'tree'; readonly name: string; readonly nodes: readonly string[] };

export interface FlattenSpec {
  /** Top-level fields that hold scalars or lists of scalars are fields of the row too. */
  readonly useFieldDiscovery: boolean;
  readonly fields: readonly FlattenField[];
}

/** Undefined when nothing has to be done. `json` formats know all field types, others only root and path. */
export function checkFlatten(format: JsonKeys, kind: 'json' | 'nested'): FlattenSpec | undefined {
  const keys = format.optionalObject('flattenSpec');
  if (keys === undefined) return undefined;
  const useFieldDiscovery = keys.flag('useFieldDiscovery', true);
  const fields = (keys.list('fields') ?? []).map((item, i) => {
    const path = `${keys.at('fields')}[${i}]`;
    const field = checkField(item, path, keys);
    if (kind === 'nested' && (field.type === 'jq' || field.type === 'tree')) {
      throw new CodedError('Unsupported', `${path}.type: this format has no fields of type[${field.type}]`, {
        field: `${path}.type`,
      });
    }
    return field;
  });
  const doubled = fields.find((field, i) => fields.findIndex(({ name }) => name === field.name) !== i);
  if (doubled !== undefined) throw keys.wrong('fields', `holds a field twice: name[${doubled.name}]`);
  keys.leftovers();
  return useFieldDiscovery && fields.length === 0 ? undefined : { useFieldDiscovery, fields };
}

function checkField(item: unknown, path: string, parent: JsonKeys): FlattenField {
  if (typeof item === 'string') return { type: 'root', name: item, expr: item };
  const keys = parent.item(item, path);
  const name = keys.text('name');
  const type = keys.text('type').toLowerCase();
  switch (type) {
    case 'root': {
      const expr = keys.text('expr', name);
      keys.leftovers();
      return { type, name, expr };
    }
    case 'path':
    case 'jq': {
      const expr = keys.text('expr');
      // Read here once, so that a bad text fails the submission and not every row.
      at(keys.at('expr'), () => (type === 'path' ? jsonPath(expr) : jqFirst(expr)));
      keys.leftovers();
      return { type, name, expr };
    }
    case 'tree': {
      const nodes = keys.texts('nodes') ?? [];
      if (nodes.length === 0) throw keys.wrong('nodes', 'must name at least one field');
      keys.leftovers();
      return { type, name, nodes };
    }
    default:
      throw keys.wrong('type', `must be root, path, jq or tree: type[${type}]`);
  }
}

function at(field: string, check: () => unknown): void {
  try {
    check();
  } catch (thrown) {
    if (!(thrown instanceof CodedError)) throw thrown;
    throw invalidInput(`${field}: ${thrown.message}`, field);
  }
}
