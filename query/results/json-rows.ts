/** JSON of one result row, its names escaped once for all rows. */
import { jsonString } from '../json/write.js';
import type { Output } from './output.js';

/** {"name":value,…}; `more` are further members as text, beginning without a comma. */
export function objectWriter(outputs: readonly Output[]): (row: number, more?: string) => string {
  const names = outputs.map(({ name }, i) => `${i === 0 ? '' : ','}${jsonString(name)}:`);
  return (row, more = '') => {
    let text = '{';
    for (let i = 0; i < outputs.length; i++) text += (names[i] ?? '') + (outputs[i]?.json(row) ?? 'null');
    if (more !== '') text += outputs.length === 0 ? more : `,${more}`;
    return `${text}}`;
  };
}

/** [value,…] */
export function arrayWriter(outputs: readonly Output[]): (row: number) => string {
  return (row) => {
    let text = '[';
    for (let i = 0; i < outputs.length; i++) text += (i === 0 ? '' : ',') + (outputs[i]?.json(row) ?? 'null');
    return `${text}]`;
  };
}
