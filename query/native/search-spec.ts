/** Search specs: which texts a search query, filter or extraction function takes. */
import { compilePattern } from '../regex/pattern.js';
import {
  isMissing,
  type JsonObject,
  objectAt,
  optionalBoolean,
  optionalText,
  requiredArray,
  requiredText,
  scalarText,
  typeOf,
  unknownType,
} from './json-fields.js';
import type { SearchSpec } from './transform-model.js';

export function parseSearchSpec(json: unknown, field: string): SearchSpec {
  const object = objectAt(json, field);
  const type = typeOf(object, 'search spec', field);
  const caseSensitive = optionalBoolean(object, 'caseSensitive', field, false);
  switch (type) {
    case 'all':
      return { type };
    case 'contains':
    case 'insensitive_contains': {
      // Nothing holds null.
      const value = optionalText(object, 'value', field);
      if (value === undefined) return { type: 'none' };
      return { type: 'contains', value, caseSensitive: type === 'contains' && caseSensitive };
    }
    case 'fragment':
      if (isMissing(object['values'])) return { type: 'none' };
      return { type, values: texts(object, field), caseSensitive };
    case 'regex':
      return { type, pattern: patternText(object, 'pattern', field) };
    default:
      throw unknownType('search spec', type, field, []);
  }
}

/** A regular expression; what is none is refused before any row. */
export function patternText(object: JsonObject, name: string, field: string): string {
  const text = requiredText(object, name, field);
  compilePattern(text);
  return text;
}

function texts(object: JsonObject, field: string): string[] {
  return requiredArray(object, 'values', field)
    .filter((value) => value !== null)
    .map((value, i) => scalarText(value, `${field}.values[${i}]`));
}

/** Null is taken by `all` only. */
export function searchMatcher(spec: SearchSpec): (text: string | null) => boolean {
  switch (spec.type) {
    case 'all':
      return () => true;
    case 'none':
      return () => false;
    case 'contains':
      return containsAll([spec.value], spec.caseSensitive);
    case 'fragment':
      return containsAll(spec.values, spec.caseSensitive);
    case 'regex': {
      const pattern = compilePattern(spec.pattern);
      return (text) => text !== null && pattern.find(text) !== undefined;
    }
  }
}

function containsAll(values: readonly string[], caseSensitive: boolean): (text: string | null) => boolean {
  if (caseSensitive) return (text) => text !== null && values.every((value) => text.includes(value));
  const lower = values.map((value) => value.toLowerCase());
  return (text) => {
    const folded = text?.toLowerCase();
    return folded !== undefined && lower.every((value) => folded.includes(value));
  };
}
