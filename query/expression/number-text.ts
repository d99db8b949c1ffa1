/** Text read as a number the way the expression language does. */

// No text may match in more than one way: long ones would be tried in all of them.
const doubleGrammar = /^[+-]?(?:NaN|Infinity|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?[dDfF]?)$/;
const hexGrammar = /^([+-]?)0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?[pP]([+-]?\d+)[dDfF]?$/;

/**
 * An exact long where the text is one, else a double; "true" and "false" in any case are 1 and 0; undefined when it is
 * none of these. No blanks, no separators.
 */
export function parseNumberText(text: string): bigint | number | undefined {
  if (text.length === 4 && text.toLowerCase() === 'true') return 1n;
  if (text.length === 5 && text.toLowerCase() === 'false') return 0n;
  const exact = parseLongText(text);
  if (exact !== undefined) return exact;
  return parseDoubleText(text.startsWith('+-') ? text.slice(1) : text);
}

/** Decimal digits with an optional sign, in 64 bits; a leading "+" is dropped first. */
export function parseLongText(text: string): bigint | undefined {
  const digits = text.startsWith('+') ? text.slice(1) : text;
  if (!/^-?\d+$/.test(digits)) return undefined;
  const value = BigInt(digits);
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

/** What Java's `Double.valueOf` takes, without blanks around it. */
export function parseDoubleText(text: string): number | undefined {
  if (doubleGrammar.test(text)) return Number(text.replace(/[dDfF]$/, ''));
  const hex = hexGrammar.exec(text);
  if (hex === null) return undefined;
  const [, sign, whole = '', fraction = '', power] = hex;
  if (whole === '' && fraction === '') return undefined;
  const mantissa = Number(BigInt(`0x${whole}${fraction}`));
  const value = mantissa * 2 ** (Number(power) - fraction.length * 4);
  return sign === '-' ? -value : value;
}
