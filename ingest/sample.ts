/**
 * The bundled sample: what a small web shop's event stream looks like over five days, made from a seed, the same
 * everywhere. It holds what real data holds: quiet nights, a few heavy users, missing values, texts in many scripts,
 * lists, prices, a sale, an outage, and a handful of rare values.
 */
import { open, rename } from 'node:fs/promises';
import { DAY_MS, formatInstant } from '../segment/timeline/instant.js';

export const SAMPLE_DATA_SOURCE = 'shop';
export const SAMPLE_ROWS = 50_000;
/** Monday 2025-06-02 to Friday, UTC. */
export const SAMPLE_INTERVAL = '2025-06-02/2025-06-07';
const START_MS = Date.UTC(2025, 5, 2);
const DAYS = 5;

export interface SampleOptions {
  readonly seed?: number;
  readonly rows?: number;
}

/** The events as JSON lines (without line ends), in order of time. */
export function* sampleLines(options: SampleOptions = {}): Generator<string> {
  const { seed = 20_250_602, rows = SAMPLE_ROWS } = options;
  const dice = new Dice(seed);
  for (const timeMs of eventTimes(dice, rows)) yield JSON.stringify(eventAt(timeMs, dice));
}

/** Writes the sample; the file appears only when it is whole. Answers the number of rows. */
export async function writeSampleFile(path: string, options: SampleOptions = {}): Promise<number> {
  const temporary = `${path}.part`;
  const file = await open(temporary, 'w');
  let rows = 0;
  try {
    let text = '';
    for (const line of sampleLines(options)) {
      rows++;
      text += `${line}\n`;
      if (text.length < 256 * 1024) continue;
      await file.write(text);
      text = '';
    }
    await file.write(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  return rows;
}

/** The task that loads the sample file `fileName` in `baseDir`: day segments, no rollup. */
export function sampleTask(baseDir: string, fileName: string): Record<string, unknown> {
  const people = ['country', 'city', 'device', 'browser', 'user', 'session', 'member'];
  const strings = ['event', ...people, 'category', 'product', 'referrer', 'search', 'tags', 'status'];
  const longs = ['quantity', 'latencyMs', 'bytes'];
  return {
    type: 'index_parallel',
    spec: {
      dataSchema: {
        dataSource: SAMPLE_DATA_SOURCE,
        timestampSpec: { column: 'time', format: 'iso' },
        dimensionsSpec: {
          dimensions: [
            ...strings,
            { type: 'double', name: 'price' },
            ...longs.map((name) => ({ type: 'long', name })),
          ],
        },
        metricsSpec: [],
        granularitySpec: {
          segmentGranularity: 'day',
          queryGranularity: 'none',
          rollup: false,
          intervals: [SAMPLE_INTERVAL],
        },
      },
      ioConfig: {
        type: 'index_parallel',
        inputSource: { type: 'local', baseDir, filter: fileName },
        inputFormat: { type: 'json' },
      },
      tuningConfig: { type: 'index_parallel', maxParseExceptions: 0 },
    },
  };
}

/** Seeded chance (SplitMix32): the same numbers on every machine. */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** Uniform in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 0x1_0000_0000;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** In [0, 1), small values likelier the higher the (whole) power. Only multiplied: exact on every machine. */
  low(power: number): number {
    const roll = this.next();
    let result = roll;
    for (let i = 1; i < power; i++) result *= roll;
    return result;
  }

  /** Early items are far more likely than late ones. */
  skewed<T>(items: readonly T[], power: number): T {
    return items[Math.floor(items.length * this.low(power))]!;
  }
}

/** Events by hour of the day, in percent of the busiest hour. */
const hourly = [22, 14, 9, 6, 5, 7, 12, 20, 31, 42, 52, 60, 66, 70, 74, 78, 83, 89, 95, 100, 97, 84, 62, 38];
const SALE_FACTOR = 2.5;

/** Busy afternoons, quiet nights, a sale on the third day, a gap of half an hour on the fourth. */
function intensity(offsetMs: number): number {
  const hour = (offsetMs % DAY_MS) / 3_600_000;
  const day = Math.floor(offsetMs / DAY_MS);
  const daily = hourly[Math.floor(hour)] ?? 0;
  if (day === 3 && hour >= 2.5 && hour < 3) return 0;
  return day === 2 && hour >= 18 && hour < 21 ? daily * SALE_FACTOR : daily;
}

const INTENSITY_MAX = 100 * SALE_FACTOR;

function eventTimes(dice: Dice, rows: number): Float64Array {
  const times = new Float64Array(rows);
  for (let i = 0; i < rows;) {
    const offset = dice.below(DAYS * DAY_MS);
    if (dice.next() * INTENSITY_MAX < intensity(offset)) times[i++] = START_MS + offset;
  }
  return times.sort();
}

interface Place {
  readonly country: string;
  readonly cities: readonly string[];
}

const places: readonly Place[] = [
  { country: 'DE', cities: ['Berlin', 'München', 'Köln', 'Lübeck'] },
  { country: 'US', cities: ['New York', 'Austin', 'San José', "Coeur d'Alene"] },
  { country: 'JP', cities: ['東京', '大阪', '札幌'] },
  { country: 'FR', cities: ['Paris', 'Besançon', 'Nîmes'] },
  { country: 'BR', cities: ['São Paulo', 'Florianópolis', 'Belém'] },
  { country: 'PL', cities: ['Kraków', 'Łódź', 'Gdańsk'] },
  { country: 'IN', cities: ['मुंबई', 'Bengaluru'] },
  { country: 'GR', cities: ['Αθήνα', 'Θεσσαλονίκη'] },
  { country: 'EG', cities: ['القاهرة'] },
  { country: 'IS', cities: ['Reykjavík'] },
];

interface Product {
  readonly name: string;
  readonly category: string;
  readonly price: number;
}

const products: readonly Product[] = [
  { name: 'Espresso beans 1 kg', category: 'coffee', price: 18.9 },
  { name: 'Filter papers', category: 'coffee', price: 3.49 },
  { name: 'Moka pot', category: 'kitchen', price: 32 },
  { name: 'Matcha 抹茶 30 g', category: 'tea', price: 14.95 },
  { name: 'Earl Grey', category: 'tea', price: 6.2 },
  { name: 'Darjeeling "first flush"', category: 'tea', price: 22.5 },
  { name: 'Enamel mug', category: 'kitchen', price: 9.99 },
  { name: 'Hand grinder', category: 'kitchen', price: 79 },
  { name: 'Honey, 500 g', category: 'pantry', price: 8.75 },
  { name: 'Rye crackers', category: 'pantry', price: 2.6 },
  { name: 'Dark chocolate 85 %', category: 'pantry', price: 4.1 },
  { name: 'Gift card 🎁', category: 'gifts', price: 50 },
  { name: 'Copper kettle', category: 'kitchen', price: 249.5 },
  { name: 'Espresso machine', category: 'machines', price: 1899 },
];

const devices = ['phone', 'desktop', 'tablet', 'television'];
const browsers = ['Chrome', 'Safari', 'Firefox', 'Edge', 'Samsung Internet', 'Lynx'];
const referrers = ['search', 'newsletter', 'social', 'partner/äpfel', 'https://example.org/a?b=c&d=1'];
const searches = ['coffee', 'tea', 'tee', 'gift', 'kettle', 'grinder', '抹茶', 'café', '50% off', ''];
const tags = ['sale', 'new', 'organic', 'fragile', 'last one', 'été'];

type Event = Record<string, unknown>;

function eventAt(timeMs: number, dice: Dice): Event {
  const place = dice.skewed(places, 2);
  const user = Math.floor(4000 * dice.low(3));
  const event: Event = {
    time: formatInstant(timeMs),
    event: eventKind(dice),
    country: dice.chance(0.04) ? null : place.country,
    city: dice.chance(0.12) ? null : dice.skewed(place.cities, 2),
    device: dice.skewed(devices, 3),
    browser: dice.skewed(browsers, 2),
    user: dice.chance(0.3) ? null : `u${String(user).padStart(4, '0')}`,
    session: `${(user * 7919 + Math.floor(timeMs / 1_800_000)).toString(36)}`,
    member: user < 900,
    latencyMs: Math.round(20 + 400 * dice.low(6) + (dice.chance(0.002) ? 30_000 * dice.next() : 0)),
    bytes: 500 + dice.below(120_000),
    status: dice.chance(0.995) ? 200 : dice.chance(0.8) ? 404 : 503,
  };
  if (dice.chance(0.45)) event['referrer'] = dice.skewed(referrers, 2);
  return addDetails(event, dice);
}

function eventKind(dice: Dice): string {
  const roll = dice.next();
  if (roll < 0.62) return 'view';
  if (roll < 0.8) return 'search';
  if (roll < 0.92) return 'cart';
  if (roll < 0.995) return 'purchase';
  return roll < 0.9995 ? 'refund' : 'chargeback';
}

function addDetails(event: Event, dice: Dice): Event {
  const kind = event['event'];
  if (kind === 'search') {
    event['search'] = dice.skewed(searches, 2);
    return event;
  }
  const product = dice.skewed(products, 2);
  event['product'] = product.name;
  event['category'] = product.category;
  if (dice.chance(0.35)) event['tags'] = tags.filter(() => dice.chance(0.3));
  if (kind === 'view') return event;
  event['price'] = product.price;
  const isRefund = kind === 'refund' || kind === 'chargeback';
  const quantity = 1 + Math.floor(8 * dice.low(5));
  event['quantity'] = isRefund ? -quantity : quantity;
  return event;
}
