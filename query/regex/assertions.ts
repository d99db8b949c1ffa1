/** Places in a text: beginnings, ends, bounds of words. */
import { letterOrDigit, nonSpacingMark, unicodeWord } from './characters.js';
import type { Assertion } from './syntax.js';

const LF = 0x0a;
const CR = 0x0d;

const isLineEnd = (unit: number): boolean =>
  unit === LF || unit === CR || unit === 0x85 || (unit | 1) === 0x2029;

export const atStart: Assertion = (_, at) => at === 0;
export const atEnd: Assertion = (text, at) => at === text.length;
export const atLastEnd: Assertion = (_, at, lastEnd) => at === lastEnd;

/** Behind a line's end, but never at the text's end; \r\n is one line end. */
export function lineStart(unix: boolean): Assertion {
  return (text, at) => {
    if (at === text.length) return false;
    if (at === 0) return true;
    const before = text.charCodeAt(at - 1);
    if (unix) return before === LF;
    return isLineEnd(before) && !(before === CR && text.charCodeAt(at) === LF);
  };
}

export function lineEnd(unix: boolean): Assertion {
  return (text, at) => {
    if (at === text.length) return true;
    const unit = text.charCodeAt(at);
    if (unix) return unit === LF;
    return unit === LF ? text.charCodeAt(at - 1) !== CR : isLineEnd(unit);
  };
}

/** The end, or in front of a line's end that ends the text. */
export function textEnd(unix: boolean): Assertion {
  const before = lineEnd(unix);
  return (text, at) => {
    const rest = text.length - at;
    if (rest > 2 || (rest === 2 && (unix || text.slice(at) !== '\r\n'))) return false;
    return before(text, at, -1);
  };
}

function pointBefore(text: string, at: number): number {
  const unit = text.charCodeAt(at - 1);
  const isLow = unit >= 0xdc00 && unit <= 0xdfff && at >= 2;
  const high = isLow ? text.charCodeAt(at - 2) : 0;
  return high >= 0xd800 && high <= 0xdbff ? (text.codePointAt(at - 2) ?? unit) : unit;
}

/** A mark belongs to the letter it stands on. */
function hasBase(text: string, at: number): boolean {
  for (let i = at; i >= 0; i--) {
    const point = text.codePointAt(i) ?? 0;
    if (letterOrDigit.has(point)) return true;
    if (!nonSpacingMark.has(point)) return false;
  }
  return false;
}

/** \b sees letters of all scripts, though \w is ASCII. */
export function wordBound(unicodeClasses: boolean, wanted: boolean): Assertion {
  const isWord = (point: number): boolean =>
    unicodeClasses ? unicodeWord.has(point) : point === 0x5f || letterOrDigit.has(point);
  return (text, at) => {
    let left = false;
    if (at > 0) {
      const point = pointBefore(text, at);
      left = isWord(point) || (nonSpacingMark.has(point) && hasBase(text, at - 1));
    }
    let right = false;
    if (at < text.length) {
      const point = text.codePointAt(at) ?? 0;
      right = isWord(point) || (nonSpacingMark.has(point) && hasBase(text, at));
    }
    return (left !== right) === wanted;
  };
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** Clusters are looked for in this much text around a place. */
const neighbourhood = 256;

/** The end of the cluster that begins at a place. */
export function graphemeEnd(text: string, at: number): number {
  const [first] = graphemes.segment(text.slice(at, at + neighbourhood));
  return at + (first?.segment.length ?? 0);
}

export const graphemeBound: Assertion = (text, at) => {
  if (at === 0 || at === text.length) return true;
  const from = Math.max(0, at - neighbourhood);
  for (const { index } of graphemes.segment(text.slice(from, at + neighbourhood))) {
    if (from + index === at) return true;
    if (from + index > at) return false;
  }
  return false;
};
