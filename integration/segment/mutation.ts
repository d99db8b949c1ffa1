/** Damage to a segment's files: which bytes change, decided from a seed alone. */
import { chunkName, parseSmoosh, type InternalFile } from '../../segment/format/smoosh.js';
import type { Directory } from './specimens.js';

/** Where damage is done. Every class gets its turn. */
export const places = [
  'descriptor length',
  'descriptor',
  'head behind the descriptor',
  'middle',
  'tail',
  'border of two files',
  'meta.smoosh',
  'version.bin',
  'index.drd',
] as const;
type PlaceClass = (typeof places)[number];

export const deeds = ['bit', 'byte', 'int', 'zeros', 'cut chunk', 'shorten', 'lengthen'] as const;
type Deed = (typeof deeds)[number];

export interface Damage {
  readonly directory: Directory;
  readonly place: PlaceClass;
  readonly deed: Deed;
  /** Of the directory. */
  readonly file: string;
  readonly offset: number;
  /** Internal files whose content may differ from before. */
  readonly touched: readonly string[];
}

/** Numbers in [0, 1) from a seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const metaFile = 'meta.smoosh';
const ints = ['7fffffff', 'ffffffff', '80000000', '00000000', '00000001', '0fffffff', 'ffffff7f', '01000000'];

/** Damage number `n` to a segment. Mutations of one seed and number are the same everywhere. */
export function damaged(whole: Directory, seed: number, n: number): Damage {
  const random = randomOf(Math.imul(seed, 0x9e3779b1) ^ Math.imul(n + 1, 0x85ebca6b));
  const place = places[n % places.length] as PlaceClass;
  const meta = whole.get(metaFile) as Buffer;
  const entries = parseSmoosh(
    meta.toString('utf8'),
    metaFile,
    (chunk) => whole.get(chunkName(chunk))?.length ?? -1,
  );
  if (place === 'meta.smoosh' || place === 'version.bin') {
    const offset = Math.floor(random() * (whole.get(place) as Buffer).length);
    return changed(whole, { place, file: place, offset, deed: pick(random, plainDeeds) }, random, entries);
  }
  const candidates =
    place === 'index.drd'
      ? entries.filter((e) => e.name === 'index.drd')
      : entries.filter((e) => e.end > e.start);
  const entry = pick(random, candidates);
  const file = chunkName(entry.chunk);
  const offset = offsetIn(whole.get(file) as Buffer, entry, place, random);
  const deed = pick(random, deeds);
  if (deed === 'shorten' || deed === 'lengthen')
    return resized(whole, { place, deed, entry, offset, entries });
  return changed(whole, { place, file, offset, deed }, random, entries);
}

const plainDeeds = ['bit', 'byte', 'int', 'zeros', 'cut chunk'] as const;

function pick<T>(random: () => number, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T;
}

function offsetIn(bytes: Buffer, entry: InternalFile, place: PlaceClass, random: () => number): number {
  const length = entry.end - entry.start;
  const text = length >= 4 ? bytes.readInt32BE(entry.start) : 0;
  const behind = text > 0 && text + 4 < length ? 4 + text : 0;
  const within = (from: number, count: number) =>
    entry.start + Math.min(length - 1, from + Math.floor(random() * count));
  switch (place) {
    case 'descriptor length':
      return within(0, 4);
    case 'descriptor':
      return within(4, Math.max(1, behind - 4));
    case 'head behind the descriptor':
      return within(behind, 48);
    case 'tail':
      return within(Math.max(0, length - 16), 16);
    case 'border of two files':
      return Math.min(bytes.length - 1, Math.max(0, entry.end - 2 + Math.floor(random() * 4)));
    default:
      return within(0, length);
  }
}

interface Spot {
  readonly place: PlaceClass;
  readonly deed: Deed;
  readonly file: string;
  readonly offset: number;
}

function changed(
  whole: Directory,
  spot: Spot,
  random: () => number,
  entries: readonly InternalFile[],
): Damage {
  const bytes = Buffer.from(whole.get(spot.file) as Buffer);
  const { offset } = spot;
  let end = offset + 1;
  let content = bytes;
  switch (spot.deed) {
    case 'bit':
      bytes[offset] = (bytes[offset] as number) ^ (1 << Math.floor(random() * 8));
      break;
    case 'byte':
      bytes[offset] = Math.floor(random() * 256);
      break;
    case 'int':
      end = offset + Buffer.from(pick(random, ints), 'hex').copy(bytes, offset);
      break;
    case 'zeros':
      end = Math.min(bytes.length, offset + 1 + Math.floor(random() * 24));
      bytes.fill(0, offset, end);
      break;
    default:
      content = bytes.subarray(0, offset);
      end = bytes.length;
  }
  const touched = entries
    .filter((e) => chunkName(e.chunk) === spot.file && e.start < end && offset < e.end)
    .map((e) => e.name);
  return { ...spot, directory: new Map([...whole, [spot.file, content]]), touched };
}

/** An internal file that is cut short or runs into the next one, as meta.smoosh says. */
function resized(
  whole: Directory,
  at: {
    readonly place: PlaceClass;
    readonly deed: Deed;
    readonly entry: InternalFile;
    readonly offset: number;
    readonly entries: readonly InternalFile[];
  },
): Damage {
  const { entry, deed } = at;
  const chunk = whole.get(chunkName(entry.chunk)) as Buffer;
  const end =
    deed === 'shorten'
      ? Math.min(at.offset, entry.end)
      : Math.min(chunk.length, entry.end + 1 + (at.offset % 7));
  const text = (whole.get(metaFile) as Buffer).toString('utf8');
  const line = `${entry.name},${entry.chunk},${entry.start},`;
  const content = Buffer.from(text.replace(`${line}${entry.end}\n`, `${line}${end}\n`), 'utf8');
  return {
    place: at.place,
    deed,
    file: metaFile,
    offset: text.indexOf(line),
    directory: new Map([...whole, [metaFile, content]]),
    touched: [entry.name],
  };
}
