/**
 * Instants beyond what doubles hold exactly: the calendar and the zones' rules repeat every 400 years, so the work is done
 * some cycles nearer and the cycles are added again.
 */

/** 400 years of the Gregorian calendar, a whole number of weeks, in ms. */
const CYCLE = 12_622_780_800_000n;
const YEARS = 400;
const WIDEST = 8_000_000_000_000_000n;
/** Years 3970 and -4030: behind the last change of any zone, and before the first one. */
const LATE = 5n * CYCLE;
const EARLY = -15n * CYCLE;

export interface NearInstant {
  readonly ms: number;
  /** Cycles taken off. */
  readonly cycles: bigint;
  /** Years taken off. */
  readonly years: number;
}

export function near(instant: bigint): NearInstant {
  if (instant <= WIDEST && instant >= -WIDEST) return { ms: Number(instant), cycles: 0n, years: 0 };
  const base = instant > 0n ? LATE : EARLY;
  const rest = BigInt.asUintN(64, (((instant - base) % CYCLE) + CYCLE) % CYCLE);
  const cycles = (instant - base - rest) / CYCLE;
  return { ms: Number(base + rest), cycles, years: Number(cycles) * YEARS };
}

/** The instant of a near one; may have more than 64 bits. */
export function far(ms: number, cycles: bigint): bigint {
  return BigInt(Math.trunc(ms)) + cycles * CYCLE;
}

/** ISO text with a year of five to nine digits brought near. */
export function nearText(text: string): { readonly text: string; readonly cycles: bigint } {
  const match = /^([+-]?)(\d{5,9})(?=$|[-T])/.exec(text);
  if (match === null) return { text, cycles: 0n };
  const year = Number(`${match[1]}${match[2]}`);
  if (Math.abs(year) < 200_000) return { text, cycles: 0n };
  const cycles = Math.floor((year - 4000) / YEARS);
  return { text: `${year - cycles * YEARS}${text.slice(match[0].length)}`, cycles: BigInt(cycles) };
}

/** ISO text of a near instant with the years added again. */
export function farText(text: string, years: number): string {
  return text.replace(/^(-?)(\d+)/, (_, sign: string, digits: string) => {
    const year = Number(`${sign}${digits}`) + years;
    return `${year < 0 ? '-' : ''}${String(Math.abs(year)).padStart(4, '0')}`;
  });
}
