/** flattenSpec at work: from a parsed document to the flat fields of a row. */
import type { FlattenField, FlattenSpec } from '../spec/flatten.js';
import type { Wanted } from '../formats/format.js';
import { setField } from '../formats/row-reader.js';
import { jqFirst } from './jq.js';
import { jsonPath } from './json-path.js';

export interface Flattener {
  /**
   * The row's fields; may be `root` itself, changed. Fields of the spec come before fields of the document. Throws
   * InvalidInput when an expression fails on this document.
   */
  flatten(root: Record<string, unknown>): Record<string, unknown>;
  /** The field holds doubles whatever they look like. */
  givesDouble(name: string): boolean;
}

interface Extractor {
  readonly name: string;
  readonly read: (root: Readonly<Record<string, unknown>>) => unknown;
  readonly givesDouble: boolean;
}

/**
 * With discovery every other field of the document stays. Without it only wanted ones do: dimensions and metrics that
 * are asked for by name find them (as in Druid), but none becomes a dimension by itself.
 */
export function flattener(spec: FlattenSpec, wanted: Wanted): Flattener {
  const extractors = spec.fields.map(extractor);
  const doubles = new Set(extractors.filter((each) => each.givesDouble).map(({ name }) => name));
  const given = new Set(extractors.map(({ name }) => name));
  const kept = spec.useFieldDiscovery ? undefined : [...wanted.names].filter((name) => !given.has(name));
  const givesDouble = (name: string): boolean => doubles.has(name);
  const flatten = (root: Record<string, unknown>): Record<string, unknown> => {
    const found = extractors.map(({ read }) => read(root));
    const fields = kept === undefined ? root : picked(root, kept);
    for (const [i, { name }] of extractors.entries()) setField(fields, name, found[i]);
    return fields;
  };
  return { flatten, givesDouble };
}

function picked(root: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const name of names) if (Object.hasOwn(root, name)) setField(fields, name, root[name]);
  return fields;
}

function extractor(field: FlattenField): Extractor {
  const { name } = field;
  switch (field.type) {
    case 'root': {
      const { expr } = field;
      const read = (root: Readonly<Record<string, unknown>>): unknown =>
        Object.hasOwn(root, expr) ? root[expr] : null;
      return { name, read, givesDouble: false };
    }
    case 'path': {
      const path = jsonPath(field.expr);
      return { name, read: (root) => path.find(root), givesDouble: path.givesDouble };
    }
    case 'jq':
      return { name, read: jqFirst(field.expr), givesDouble: false };
    case 'tree': {
      const { nodes } = field;
      return { name, read: (root) => descend(root, nodes), givesDouble: false };
    }
  }
}

function descend(root: unknown, nodes: readonly string[]): unknown {
  let at = root;
  for (const node of nodes) {
    if (typeof at !== 'object' || at === null || Array.isArray(at) || !Object.hasOwn(at, node)) return null;
    at = (at as Readonly<Record<string, unknown>>)[node];
  }
  return at;
}
