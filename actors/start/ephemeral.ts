/**
 * Data folders of ephemeral starts: made in the system's temporary folder, gone when the process ends. One that was
 * killed leaves its folder and its servers; the next ephemeral start removes both.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { folderOwner, processRegistry } from '../../runtime/data-folder.js';
import { killTree } from '../../runtime/place.js';

const PREFIX = 'grove-ephemeral-';

/** Absolute path of a new, empty folder. */
export function makeEphemeralFolder(parent = os.tmpdir()): string {
  for (const name of fs.readdirSync(parent)) {
    if (name.startsWith(PREFIX)) removeAbandoned(path.join(parent, name));
  }
  return fs.mkdtempSync(path.join(parent, PREFIX));
}

/** Only what is ours and has a lock whose owner is dead: a folder without one may just be about to get it. */
function removeAbandoned(folder: string): void {
  try {
    const stat = fs.lstatSync(folder);
    if (!stat.isDirectory() || stat.uid !== process.getuid?.()) return;
    if (folderOwner(folder) !== 'dead') return;
    for (const left of processRegistry(folder).living()) killTree(left);
    fs.rmSync(folder, { recursive: true, force: true });
  } catch {
    // Somebody else removes it at this moment.
  }
}
