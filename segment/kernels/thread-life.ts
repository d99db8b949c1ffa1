/** Whether a thread of this process still is, as the system sees it: no event has to arrive for that to be known. */
import fs from 'node:fs';

const tasks = '/proc/self/task';

function numberOfThisThread(): number {
  try {
    return Number(/\/(\d+)$/.exec(fs.readlinkSync('/proc/thread-self'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** The system's number of this thread; 0 where it tells none. */
export const thisThread = numberOfThisThread();

function isListed(thread: number): boolean {
  return fs.statSync(`${tasks}/${thread}`, { throwIfNoEntry: false }) !== undefined;
}

/** True: a thread of this number is no more, and none of its steps is still to come. False: it is there, or who knows. */
export function hasEnded(thread: number): boolean {
  if (thread === 0 || thisThread === 0) return false;
  try {
    return !isListed(thread) && isListed(thisThread);
  } catch {
    return false;
  }
}
