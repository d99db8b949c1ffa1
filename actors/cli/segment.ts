/** `grove segment dump|verify|stats DIR|ZIP`: looks into a stored segment without a cluster. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { invalidInput } from '../../proto/errors.js';
import { columnStats, dumpMetadata, dumpRows, statsTable, verifySegment } from '../../segment/dump.js';
import { createArena, type Arena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import { createResidency } from '../../segment/read/residency.js';
import { registerSegment, SegmentReader, type StoredSegment } from '../../segment/read/segment.js';
import { defaultUnzipLimits, unzip } from '../../segment/store/zip.js';
import { readArguments } from './arguments.js';
import type { CommandIo } from './commands.js';

const arenaBytesMax = 4 * 1024 ** 3;
const writeBytes = 64 * 1024;

/** Unzips into a temporary folder when the path is a file. */
async function folderOf(given: string): Promise<{ readonly dir: string; readonly cleanUp: () => void }> {
  if (!fs.existsSync(given)) throw invalidInput(`There is no segment at path[${given}]`, 'path');
  if (fs.statSync(given).isDirectory()) return { dir: path.resolve(given), cleanUp: () => undefined };
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'grove-segment-'));
  const cleanUp = (): void => fs.rmSync(dir, { recursive: true, force: true });
  try {
    await unzip(path.resolve(given), dir, defaultUnzipLimits);
  } catch (error) {
    cleanUp();
    throw error;
  }
  return { dir, cleanUp };
}

function open(dir: string): { readonly view: StoredSegment; readonly arena: Arena } {
  const arena = createArena({ maximumBytes: arenaBytesMax });
  const kernels = instantiateKernels(compileKernels(), arena);
  const residency = createResidency({
    arena,
    coldBytesMax: arenaBytesMax / 2,
    hotBytesMax: arenaBytesMax / 4,
  });
  const handle = registerSegment(residency, { id: path.basename(dir), dir });
  return { view: new SegmentReader({ kernels, residency }).openView(handle), arena };
}

function dump(
  view: StoredSegment,
  arena: Arena,
  options: ReadonlyMap<string, string>,
  io: CommandIo,
): number {
  if (options.has('metadata')) {
    io.out(`${dumpMetadata(view)}\n`);
    if (!options.has('rows')) return 0;
  }
  const columns = options.get('columns')?.split(',');
  const limitText = options.get('limit');
  const limit = limitText === undefined ? undefined : Number(limitText);
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 0)) {
    throw invalidInput(`Option[--limit] must be a whole number, got [${limitText}]`, 'limit');
  }
  let text = '';
  for (const row of dumpRows(view, arena, {
    ...(columns === undefined ? {} : { columns }),
    ...(limit === undefined ? {} : { limit }),
  })) {
    text += `${row}\n`;
    if (text.length > writeBytes) {
      io.out(text);
      text = '';
    }
  }
  io.out(text);
  return 0;
}

function verify(view: StoredSegment, arena: Arena, io: CommandIo): number {
  const problems = verifySegment(view, arena);
  for (const problem of problems) io.err(`${problem}\n`);
  if (problems.length === 0) io.out(`ok: ${view.rowCount} rows\n`);
  return problems.length === 0 ? 0 : 1;
}

/** Exit code 0: fine, 1: problems found or the segment can't be read. Throws InvalidInput for wrong words. */
export async function segmentCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  const { words, options } = readArguments(argv, ['columns', 'limit'], ['rows', 'metadata']);
  const [verb, given] = words;
  if (given === undefined || !['dump', 'verify', 'stats'].includes(verb ?? '')) {
    throw invalidInput('Say grove segment dump|verify|stats DIR|ZIP', 'segment');
  }
  const { dir, cleanUp } = await folderOf(given);
  try {
    const { view, arena } = open(dir);
    if (verb === 'dump') return dump(view, arena, options, io);
    if (verb === 'verify') return verify(view, arena, io);
    io.out(`${statsTable(columnStats(view))}\n`);
    return 0;
  } finally {
    cleanUp();
  }
}
