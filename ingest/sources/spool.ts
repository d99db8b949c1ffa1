/** A stream as a file that can be read at any place. */
import { mkdir, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { invalidInput } from '../../proto/errors.js';
import type { RandomAccess } from '../formats/format.js';

export interface SpooledFile extends RandomAccess {
  /** Closes and removes the file. */
  close(): Promise<void>;
}

/** Writes all pieces to `path` (its folder is made; what was there is replaced). */
export async function spooled(pieces: AsyncIterable<Uint8Array>, path: string): Promise<SpooledFile> {
  await mkdir(dirname(path), { recursive: true });
  const handle = await open(path, 'w+');
  const close = async (): Promise<void> => {
    await handle.close();
    await rm(path, { force: true });
  };
  let sizeBytes = 0;
  try {
    for await (const piece of pieces) {
      await handle.writeFile(piece);
      sizeBytes += piece.length;
    }
  } catch (thrown) {
    await close();
    throw thrown;
  }
  const slice = async (start: number, end: number): Promise<Uint8Array> => {
    if (start < 0 || end < start || end > sizeBytes) throw invalidInput('the file is cut short', 'input');
    const bytes = new Uint8Array(end - start);
    for (let at = 0; at < bytes.length;) {
      const { bytesRead } = await handle.read(bytes, at, bytes.length - at, start + at);
      if (bytesRead === 0) throw invalidInput('the file is cut short', 'input');
      at += bytesRead;
    }
    return bytes;
  };
  return { sizeBytes, slice, close };
}
