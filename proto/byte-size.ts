/** Sizes as people write them. */

const units: Readonly<Record<string, number>> = { '': 0, K: 1, M: 2, G: 3, T: 4, P: 5 };

/** Of a text like 10, 10K, 10KB (thousands) or 10KiB (of 1,024); undefined: none of these. */
export function bytesOfText(text: string): number | undefined {
  const match = /^\s*(\d+)\s*(?:([KMGTP])(i?B)?)?\s*$/i.exec(text);
  if (match === null) return undefined;
  const [, digits = '', unit = '', suffix = ''] = match;
  const base = suffix.toLowerCase() === 'ib' ? 1024 : 1000;
  return Number(digits) * base ** (units[unit.toUpperCase()] ?? 0);
}
