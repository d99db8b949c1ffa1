/** Version texts in the order of Maven's `ComparableVersion`: 1.0 = 1 = 1.0.0, alpha < beta < rc < snapshot < "" < sp. */

import { asciiDigits } from './decimal.js';

type Item = { readonly number: string } | { readonly qualifier: string } | Item[];

const qualifiers = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp'];
const aliases: Readonly<Record<string, string>> = { ga: '', final: '', release: '', cr: 'rc' };
const letters: Readonly<Record<string, string>> = { a: 'alpha', b: 'beta', m: 'milestone' };
const release = String(qualifiers.indexOf(''));

export function compareVersions(a: string, b: string): number {
  return compareLists(parseVersion(a), parseVersion(b));
}

function parseVersion(text: string): Item[] {
  const version = text.toLowerCase();
  const root: Item[] = [];
  const lists: Item[][] = [root];
  let list = root;
  let digits = false;
  let start = 0;
  const descend = (): void => {
    const inner: Item[] = [];
    list.push(inner);
    lists.push(inner);
    list = inner;
  };
  for (let i = 0; i < version.length; i++) {
    const char = version.charAt(i);
    if (char === '.' || char === '-') {
      list.push(i === start ? { number: '' } : itemOf(digits, version.slice(start, i), false));
      start = i + 1;
      if (char === '-') descend();
      continue;
    }
    const isDigit = /\p{Nd}/u.test(char);
    if (isDigit !== digits && i > start) {
      list.push(itemOf(digits, version.slice(start, i), true));
      start = i;
      descend();
    }
    digits = isDigit;
  }
  if (version.length > start) list.push(itemOf(digits, version.slice(start), false));
  for (const each of lists.reverse()) normalize(each);
  return root;
}

function itemOf(digits: boolean, text: string, beforeDigit: boolean): Item {
  if (digits) return { number: asciiDigits(text).replace(/^0+/, '') };
  const letter = beforeDigit && Object.hasOwn(letters, text) ? letters[text] : undefined;
  const alias = Object.hasOwn(aliases, text) ? aliases[text] : undefined;
  return { qualifier: letter ?? alias ?? text };
}

/** Drops what means nothing at the end: zeroes, empty qualifiers, empty lists. */
function normalize(list: Item[]): void {
  for (let i = list.length - 1; i >= 0; i--) {
    const item = list[i];
    if (item === undefined) continue;
    if (isNothing(item)) list.splice(i, 1);
    else if (!Array.isArray(item)) break;
  }
}

function isNothing(item: Item): boolean {
  if (Array.isArray(item)) return item.length === 0;
  return 'number' in item ? item.number === '' : item.qualifier === '';
}

function weight(qualifier: string): string {
  const index = qualifiers.indexOf(qualifier);
  return index < 0 ? `${qualifiers.length}-${qualifier}` : String(index);
}

const text = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function compareLists(a: Item[], b: Item[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const left = a[i];
    const right = b[i];
    const order =
      left === undefined ? (right === undefined ? 0 : -compareToNothing(right)) : compareItem(left, right);
    if (order !== 0) return order;
  }
  return 0;
}

function compareToNothing(item: Item): number {
  if (Array.isArray(item)) {
    for (const inner of item) {
      const order = compareToNothing(inner);
      if (order !== 0) return order;
    }
    return 0;
  }
  if ('number' in item) return item.number === '' ? 0 : 1;
  return text(weight(item.qualifier), release);
}

function compareItem(a: Item, b: Item | undefined): number {
  if (b === undefined) return compareToNothing(a);
  if (Array.isArray(a)) {
    if (Array.isArray(b)) return compareLists(a, b);
    return 'number' in b ? -1 : 1;
  }
  if ('number' in a) {
    if (Array.isArray(b) || !('number' in b)) return 1;
    return a.number.length - b.number.length || text(a.number, b.number);
  }
  if (Array.isArray(b) || 'number' in b) return -1;
  return text(weight(a.qualifier), weight(b.qualifier));
}
