/** Numbers of bytes and the like with a unit: "1.46 KiB", "999 B", "12.3 M". */

const units = ['K', 'M', 'G', 'T', 'P', 'E'];

/**
 * Whole numbers below one unit are printed as they are, larger ones with `digits` decimals, rounded half up; rounding
 * never carries into the next unit ("1000.00 KB"). Units of 1000 are divided off without a rest before the last one, of
 * units of 1024 (of a double) the rest counts.
 */
export function humanReadable(value: bigint, base: 1000 | 1024, digits: number, suffix: string): string {
  const negative = value < 0n;
  const step = BigInt(base);
  let size = negative ? -value : value;
  if (size < step) return suffix === '' ? value.toString() : `${value} ${suffix}`;
  if (base === 1024) size = BigInt(Number(size));
  let index = 0;
  let unit = step;
  for (; size >= unit * step; index++) {
    if (base === 1024) unit *= step;
    else size /= step;
  }
  const scale = 10n ** BigInt(digits);
  const scaled = (size * scale * 2n + unit) / (unit * 2n);
  const fraction = digits === 0 ? '' : `.${(scaled % scale).toString().padStart(digits, '0')}`;
  const letter = `${units[index] ?? ''}${base === 1024 ? 'i' : ''}`;
  return `${negative ? '-' : ''}${scaled / scale}${fraction} ${letter}${suffix}`;
}
