/** Memory of a running process (Linux). */
import fs from 'node:fs';

function statusMiB(pid: number, name: string): number {
  const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? Number.NaN) / 1024;
}

export const residentMiB = (pid: number): number => statusMiB(pid, 'VmRSS');

/** The most it held at a time since the last reset. */
export const peakMiB = (pid: number): number => statusMiB(pid, 'VmHWM');

export function resetPeak(pid: number): void {
  fs.writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** The process and those it has started. */
export function processesOf(pid: number): { readonly pid: number; readonly name: string }[] {
  const children = fs
    .readdirSync('/proc')
    .map(Number)
    .filter((each) => each > 0 && parentOf(each) === pid);
  return [pid, ...children].map((each) => ({ pid: each, name: nameOf(each) }));
}

/** NaN: gone. */
function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN);
  } catch {
    return Number.NaN;
  }
}

const nameOf = (pid: number): string =>
  /^Name:\s+(.*)$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
