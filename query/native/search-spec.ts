/** Search specs: which texts a search query takes. */
import { invalidInput } from '../../proto/errors.js';
import {
  objectAt,
  optionalBoolean,
  requiredArray,
  requiredText,
  scalarText,
  typeOf,
  unknownType,
} from './json-fields.js';
import type { SearchSpec } from './model.js';

export function parseSearchSpec(json: unknown, field: string): SearchSpec {
  const object = objectAt(json, field);
  const type = typeOf(object, 'search spec', field);
  switch (type) {
    case 'all':
      return { type };
    case 'insensitive_contains':
      return { type: 'contains', value: requiredText(object, 'value', field), caseSensitive: false };
    case 'contains':
      return {
        type,
        value: requiredText(object, 'value', field),
        caseSensitive: optionalBoolean(object, 'caseSensitive', field, false),
      };
    case 'fragment':
      return {
        type,
        values: requiredArray(object, 'values', field).map((each, i) =>
          scalarText(each, `${field}.values[${i}]`),
        ),
        caseSensitive: optionalBoolean(object, 'caseSensitive', field, false),
      };
    case 'regex': {
      const pattern = requiredText(object, 'pattern', field);
      checkPattern(pattern, `${field}.pattern`);
      return { type, pattern };
    }
    default:
      throw unknownType('search spec', type, field, []);
  }
}

function checkPattern(pattern: string, field: string): void {
  try {
    searchPattern(pattern);
  } catch (thrown) {
    const problem = thrown instanceof Error ? thrown.message : '';
    throw invalidInput(`${field}: ${problem}`, field);
  }
}

export function searchPattern(pattern: string): RegExp {
  return new RegExp(pattern, 'u');
}

/** Null is taken by `all` only. */
export function searchMatcher(spec: SearchSpec): (text: string | null) => boolean {
  switch (spec.type) {
    case 'all':
      return () => true;
    case 'contains': {
      const { caseSensitive } = spec;
      const value = caseSensitive ? spec.value : spec.value.toLowerCase();
      return (text) => text !== null && (caseSensitive ? text : text.toLowerCase()).includes(value);
    }
    case 'fragment': {
      const { caseSensitive } = spec;
      const values = caseSensitive ? spec.values : spec.values.map((value) => value.toLowerCase());
      return (text) => {
        if (text === null) return false;
        const folded = caseSensitive ? text : text.toLowerCase();
        return values.every((value) => folded.includes(value));
      };
    }
    case 'regex': {
      const pattern = searchPattern(spec.pattern);
      return (text) => text !== null && pattern.test(text);
    }
  }
}
