/** What a filter says about the texts that one dimension may hold, so that partitions can be left out. */
import { doubleText, floatText } from '../json/java-number.js';
import { TextRanges } from '../../segment/timeline/text-ranges.js';
import { separate } from './merged-filter.js';
import type { Constant, Filter, ValueType } from './model.js';

/**
 * How bold the answer is. `sound`: every row that passes has one of the texts. `druid`: Druid's answer, which takes
 * numbers for their texts though 10 sorts before 9 and 5 may be stored as 5.0, and which turns a NOT around even where
 * the filter inside says more than its domain.
 */
export type DomainMode = 'sound' | 'druid';

interface Found {
  readonly texts: TextRanges;
  /** No row with one of the texts fails (it passes, or is unknown as null is): NOT may be turned around. */
  readonly isExact: boolean;
}

/** Undefined: the filter says nothing about the dimension. */
export function filterDomain(filter: Filter, dimension: string, mode: DomainMode): TextRanges | undefined {
  return domainOf(filter, dimension, mode)?.texts;
}

const exactly = (texts: TextRanges): Found => ({ texts, isExact: true });

function domainOf(filter: Filter, dimension: string, mode: DomainMode): Found | undefined {
  // What an extraction function makes of a value says nothing about the value.
  if ('extractionFn' in filter && filter.extractionFn !== undefined) return undefined;
  switch (filter.type) {
    case 'false':
      return exactly(TextRanges.nothing);
    case 'selector':
      return filter.dimension === dimension ? exactly(TextRanges.point(filter.value)) : undefined;
    case 'in':
      return filter.dimension === dimension
        ? exactly(TextRanges.union(filter.values.map((value) => TextRanges.point(value))))
        : undefined;
    case 'anyOf':
      return filter.column === dimension ? domainOf(separate(filter), dimension, mode) : undefined;
    case 'packed':
      return domainOf(filter.outline, dimension, mode);
    case 'null':
      return filter.column === dimension ? exactly(TextRanges.point(null)) : undefined;
    case 'equals':
      return filter.column === dimension && isText(filter.matchValueType, mode)
        ? exactly(TextRanges.point(textOf(filter.matchValue, filter.matchValueType)))
        : undefined;
    case 'inType':
      return filter.column === dimension && isText(filter.matchValueType, mode)
        ? exactly(
            TextRanges.union(
              filter.values.map((value) =>
                TextRanges.point(value === null ? null : textOf(value, filter.matchValueType)),
              ),
            ),
          )
        : undefined;
    case 'range':
      return filter.column === dimension && isText(filter.matchValueType, mode)
        ? exactly(rangeOf(filter))
        : undefined;
    case 'bound':
      return filter.dimension === dimension && filter.ordering === 'lexicographic'
        ? exactly(
            TextRanges.between({
              lower: filter.lower ?? null,
              lowerClosed: !filter.lowerStrict,
              upper: filter.upper ?? null,
              upperClosed: !filter.upperStrict,
            }),
          )
        : undefined;
    case 'and':
      return all(filter.fields, dimension, mode);
    case 'or':
      return any(filter.fields, dimension, mode);
    case 'not': {
      const inner = domainOf(filter.field, dimension, mode);
      if (inner === undefined || (mode === 'sound' && !inner.isExact)) return undefined;
      return { texts: inner.texts.complement(), isExact: inner.isExact };
    }
    default:
      return undefined;
  }
}

const isText = (type: ValueType, mode: DomainMode): boolean =>
  type === 'STRING' || (mode === 'druid' && (type === 'LONG' || type === 'DOUBLE' || type === 'FLOAT'));

function rangeOf(filter: Extract<Filter, { type: 'range' }>): TextRanges {
  const limit = (value: Constant | undefined): string | null =>
    value === undefined ? null : textOf(value, filter.matchValueType);
  return TextRanges.between({
    lower: limit(filter.lower),
    lowerClosed: !filter.lowerOpen,
    upper: limit(filter.upper),
    upperClosed: !filter.upperOpen,
  });
}

function textOf(value: Constant, type: ValueType): string {
  if (typeof value !== 'number') return String(value);
  return type === 'FLOAT' ? floatText(value) : doubleText(value);
}

/** Sides that say nothing are passed over: the others still hold. */
function all(fields: readonly Filter[], dimension: string, mode: DomainMode): Found | undefined {
  const found = fields.map((field) => domainOf(field, dimension, mode));
  const known = found.filter((each) => each !== undefined);
  const [first] = known;
  if (first === undefined) return undefined;
  return {
    texts: known.reduce((texts, each) => texts.intersection(each.texts), first.texts),
    isExact: known.length === found.length && known.every((each) => each.isExact),
  };
}

function any(fields: readonly Filter[], dimension: string, mode: DomainMode): Found | undefined {
  const found = fields.map((field) => domainOf(field, dimension, mode));
  const known = found.filter((each) => each !== undefined);
  if (known.length < found.length) return undefined;
  return {
    texts: TextRanges.union(known.map((each) => each.texts)),
    isExact: known.every((each) => each.isExact),
  };
}
