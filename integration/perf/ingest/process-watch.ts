/** What the task process of a running Grove uses: processor time and the most memory it ever held (Linux). */
import fs from 'node:fs';
import { execFileSync } from 'node:child_process';

export interface Usage {
  /** Of all its threads, user and system. */
  readonly cpuSeconds: number;
  readonly peakMiB: number;
}

export interface Watch {
  /** The sum over the processes seen, the peak of the largest. */
  stop(): Usage;
}

function ticksPerSecond(): number {
  return Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
}

function usageOf(pid: string, ticks: number): Usage | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Behind the name, which may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
    const peakKiB = Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0);
    return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticks, peakMiB: peakKiB / 1024 };
  } catch {
    return undefined;
  }
}

/** Looks at every process whose command line holds `peon` and `dataDir`, ten times a second. */
export function watchPeons(dataDir: string): Watch {
  const ticks = ticksPerSecond();
  const seen = new Map<string, Usage>();
  const look = (): void => {
    for (const pid of fs.readdirSync('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      let line: string;
      try {
        line = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        continue;
      }
      if (!line.includes('peon') || !line.includes(dataDir)) continue;
      const usage = usageOf(pid, ticks);
      if (usage !== undefined && usage.peakMiB > 0) seen.set(pid, usage);
    }
  };
  const timer = setInterval(look, 100);
  return {
    stop() {
      clearInterval(timer);
      const all = [...seen.values()];
      return {
        cpuSeconds: all.reduce((sum, one) => sum + one.cpuSeconds, 0),
        peakMiB: Math.max(0, ...all.map((one) => one.peakMiB)),
      };
    },
  };
}
