/** Data sources from Druid's JSON: tables and unions of tables. */
import { invalidInput } from '../../proto/errors.js';
import { isMissing, objectAt, requiredArray, requiredText, unsupported } from './json-fields.js';

const notYet: readonly string[] = [
  'filter',
  'globalTable',
  'inline',
  'join',
  'lookup',
  'query',
  'restrict',
  'unnest',
];

/** Table names in the order given, each once. */
export function parseDataSource(json: unknown, field: string): readonly string[] {
  if (isMissing(json)) throw invalidInput(`${field}: dataSource can't be null`, field);
  if (typeof json === 'string') return [tableName(json, field)];
  const object = objectAt(json, field);
  const type = object['type'];
  if (type === 'union') {
    const tables = requiredArray(object, 'dataSources', field).flatMap((each, i) => {
      const inner = `${field}.dataSources[${i}]`;
      if (typeof each === 'object' && each !== null && 'type' in each && each.type === 'union') {
        throw unsupported(inner, `${inner}: a union inside a union is not supported`);
      }
      return parseDataSource(each, inner);
    });
    if (tables.length === 0)
      throw invalidInput(`${field}.dataSources: at least one data source is needed`, `${field}.dataSources`);
    return [...new Set(tables)];
  }
  if (typeof type === 'string' && notYet.includes(type)) {
    throw unsupported(field, `${field}: data source type[${type}] is not supported yet`);
  }
  // An unknown type that has a name is a table to Druid.
  return [tableName(requiredText(object, 'name', field), field)];
}

function tableName(name: string, field: string): string {
  if (name === '') throw invalidInput(`${field}: the table name is empty`, field);
  return name;
}
