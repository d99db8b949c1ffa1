/** JSON text with 64-bit integers kept exact, and doubles as Java writes them. */

/** Like JSON.stringify, without spaces; bigints become plain integers, undefined members are left out. */
export function jsonText(value: unknown): string {
  return text(value, (number) => JSON.stringify(number));
}

/** The same, with numbers that are no bigint written as doubles: 1.0, 1.0E10, "NaN". */
export function exactJsonText(value: unknown): string {
  return text(value, doubleText);
}

function text(value: unknown, number: (value: number) => string): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return number(value);
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return `[${value.map((item) => text(item, number)).join(',')}]`;
  if (typeof value === 'object') {
    const members: string[] = [];
    for (const [key, member] of Object.entries(value)) {
      if (member !== undefined) members.push(`${JSON.stringify(key)}:${text(member, number)}`);
    }
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value);
}

/** The shortest decimal that reads back as the same double, in Java's form; what JSON can't say is a string. */
export function doubleText(value: number): string {
  return Number.isFinite(value) ? javaNumber(value) : JSON.stringify(String(value));
}

/** The same for a value of 32 bits. */
export function floatText(value: number): string {
  if (!Number.isFinite(value)) return doubleText(value);
  if (value === 0) return javaNumber(value);
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return javaNumber(short);
  }
  return javaNumber(Number(value.toPrecision(9)));
}

/** Plain digits between 0.001 and 10^7, else d.dddE±x; always with a decimal point. */
export function javaNumber(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e7) {
    const plain = String(value);
    return plain.includes('.') ? plain : `${plain}.0`;
  }
  const shortest = value.toExponential();
  // Java writes two digits at least, and then the two that come closest.
  const [mantissa = '', exponent = ''] = (shortest.includes('.') ? shortest : value.toExponential(1)).split(
    'e',
  );
  return `${mantissa}E${exponent.replace('+', '')}`;
}
