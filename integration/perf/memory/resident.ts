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
