/** Post-aggregators from Druid's JSON, and the names they read. */
import { invalidInput } from '../../proto/errors.js';
import { columnsOf } from '../expression/ast.js';
import { parseExpression } from '../expression/parser.js';
import {
  describe,
  objectAt,
  optionalText,
  requiredArray,
  requiredText,
  type JsonObject,
  typeOf,
  unknownType,
  unsupported,
} from './json-fields.js';
import type { PostAggregator } from './model.js';

const operations = ['+', '-', '*', '/', 'quotient', 'pow'] as const;
const maxDepth = 100;

/**
 * `outer`: a name is needed; inside another post-aggregator it may be missing (then it is ""). Throws InvalidInput or
 * Unsupported, naming the path of the part at fault.
 */
export function parsePostAggregator(json: unknown, field: string, outer = true, depth = 1): PostAggregator {
  if (depth > maxDepth)
    throw invalidInput(`${field}: post-aggregators nested deeper than ${maxDepth}`, field);
  const object = objectAt(json, field);
  const type = typeOf(object, 'post-aggregator', field);
  const name = optionalText(object, 'name', field) ?? '';
  const named = (): string => {
    if (outer && name === '') throw invalidInput(`${field}.name must not be null`, `${field}.name`);
    return name;
  };
  const inner = (): PostAggregator[] =>
    requiredArray(object, 'fields', field).map((each, i) =>
      parsePostAggregator(each, `${field}.fields[${i}]`, false, depth + 1),
    );
  switch (type) {
    case 'arithmetic':
      return { type, name: named(), ...arithmetic(object, field), fields: atLeast(inner(), 2, field) };
    case 'fieldAccess':
    case 'finalizingFieldAccess': {
      const fieldName = requiredText(object, 'fieldName', field, 'fieldName cannot be null');
      return { type, name: name === '' && outer ? fieldName : name, fieldName };
    }
    case 'constant':
      return { type, name: named(), value: constant(object, field) };
    case 'hyperUniqueCardinality': {
      const fieldName = requiredText(object, 'fieldName', field, 'fieldName cannot be null');
      return { type, name: name === '' && outer ? fieldName : name, fieldName };
    }
    case 'expression': {
      const text = requiredText(object, 'expression', field, 'expression cannot be null');
      const ordering = optionalText(object, 'ordering', field);
      if (ordering !== undefined && ordering !== 'numericFirst')
        throw invalidInput(`${field}.ordering: unknown ordering[${ordering}]`, `${field}.ordering`);
      return {
        type,
        name: named(),
        expression: text,
        ordering,
        outputType: optionalText(object, 'outputType', field)?.toUpperCase(),
        reads: [...columnsOf(parseExpression(text))],
      };
    }
    case 'doubleGreatest':
    case 'doubleLeast':
    case 'longGreatest':
    case 'longLeast':
      return { type, name: named(), fields: atLeast(inner(), 1, field) };
    default:
      throw unknownType('post-aggregator', type, field, []);
  }
}

function arithmetic(
  object: JsonObject,
  field: string,
): Pick<Extract<PostAggregator, { type: 'arithmetic' }>, 'fn' | 'ordering'> {
  const text = requiredText(object, 'fn', field, 'fn cannot not be null');
  const fn = operations.find((each) => each === text);
  if (fn === undefined) {
    throw invalidInput(
      `${field}.fn: Unknown operation[${text}], known operations[[${operations.join(', ')}]]`,
      `${field}.fn`,
    );
  }
  const ordering = optionalText(object, 'ordering', field);
  if (ordering !== undefined && ordering !== 'numericFirst') {
    throw invalidInput(`${field}.ordering: unknown ordering[${ordering}]`, `${field}.ordering`);
  }
  return { fn, ordering };
}

function atLeast(fields: readonly PostAggregator[], count: number, field: string): readonly PostAggregator[] {
  if (fields.length < count) {
    throw invalidInput(
      `${field}.fields: Illegal number of fields[${fields.length}], must be >= ${count}`,
      `${field}.fields`,
    );
  }
  return fields;
}

function constant(object: JsonObject, field: string): number | bigint {
  const value = object['value'];
  if (typeof value === 'bigint') {
    if (BigInt.asIntN(64, value) !== value)
      throw unsupported(`${field}.value`, `${field}.value has more than 64 bits`);
    return value;
  }
  if (typeof value === 'string' && /^[+-]?\d+$/.test(value)) return BigInt.asIntN(64, BigInt(value));
  if (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)))
    return Number(value);
  if (typeof value !== 'number')
    throw invalidInput(`${field}.value must be a number, got ${describe(value)}`, `${field}.value`);
  return value;
}

/** Every output name that a post-aggregator reads. */
export function namesRead(post: PostAggregator, into = new Set<string>()): Set<string> {
  if ('reads' in post) for (const name of post.reads) into.add(name);
  if ('fieldName' in post) into.add(post.fieldName);
  if ('fields' in post) for (const inner of post.fields) namesRead(inner, into);
  return into;
}
