/**
 * Prometheus metrics of one process, kept in memory and rendered as text (exposition format 0.0.4).
 */
import { CodedError } from '../proto/errors.js';
import type { Counter, Gauge, Histogram, Labels, Metrics } from './types.js';

export interface Sample {
  readonly labels?: Labels;
  readonly value: number;
}
type MetricKind = 'counter' | 'gauge' | 'histogram';

/** The metrics of a process, with values that are asked for when rendered (mailbox depths and the like). */
export interface MetricsRegistry extends Metrics {
  /** `read` is called at each render; its samples are the whole family. */
  collect(name: string, kind: 'counter' | 'gauge', read: () => Iterable<Sample>): void;
}

interface Family {
  readonly kind: MetricKind;
  readonly series: Map<string, Series>;
  read?: () => Iterable<Sample>;
}
interface Series {
  value: number;
  readonly buckets?: readonly number[];
  readonly counts?: number[];
  total: number;
}

/** Ours are of small letters; those named as Druid names them are not. */
const NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

export function createMetrics(): MetricsRegistry {
  const families = new Map<string, Family>();

  const family = (name: string, kind: MetricKind): Family => {
    let found = families.get(name);
    if (found === undefined) {
      if (!NAME.test(name)) throw new CodedError('Bug', `metric[${name}] is not a valid name`);
      found = { kind, series: new Map() };
      families.set(name, found);
    }
    if (found.kind !== kind) throw new CodedError('Bug', `metric[${name}] is a ${found.kind}`);
    return found;
  };
  const series = (name: string, kind: MetricKind, labels: Labels, buckets?: readonly number[]) => {
    const all = family(name, kind).series;
    const key = labelText(labels);
    let found = all.get(key);
    if (found === undefined) {
      found =
        buckets === undefined
          ? { value: 0, total: 0 }
          : { value: 0, total: 0, buckets, counts: buckets.map(() => 0) };
      all.set(key, found);
    }
    return found;
  };

  return {
    counter: (name, labels = {}): Counter => {
      const one = series(name, 'counter', labels);
      return {
        add: (value = 1) => {
          one.value += value;
        },
      };
    },
    gauge: (name, labels = {}): Gauge => {
      const one = series(name, 'gauge', labels);
      return {
        set: (value) => {
          one.value = value;
        },
      };
    },
    histogram: (name, buckets, labels = {}): Histogram => {
      const one = series(name, 'histogram', labels, buckets);
      return { observe: (value) => observe(one, value) };
    },
    collect: (name, kind, read) => {
      family(name, kind).read = read;
    },
    render: () => {
      let text = '';
      for (const [name, found] of families) text += renderFamily(name, found);
      return text;
    },
  };
}

function observe(one: Series, value: number): void {
  one.value += value;
  one.total += 1;
  const { buckets = [], counts = [] } = one;
  for (let i = 0; i < buckets.length; i++) {
    if (value <= (buckets[i] ?? 0)) {
      counts[i] = (counts[i] ?? 0) + 1;
      return;
    }
  }
}

function renderFamily(name: string, found: Family): string {
  let text = `# TYPE ${name} ${found.kind}\n`;
  for (const [labels, one] of found.series) {
    if (found.kind === 'histogram') text += renderHistogram(name, labels, one);
    else text += `${name}${braces(labels)} ${numberText(one.value)}\n`;
  }
  if (found.read !== undefined) {
    for (const sample of found.read()) {
      text += `${name}${braces(labelText(sample.labels ?? {}))} ${numberText(sample.value)}\n`;
    }
  }
  return text;
}

function renderHistogram(name: string, labels: string, one: Series): string {
  const separator = labels === '' ? '' : ',';
  let text = '';
  let below = 0;
  (one.buckets ?? []).forEach((bound, i) => {
    below += one.counts?.[i] ?? 0;
    text += `${name}_bucket{${labels}${separator}le="${numberText(bound)}"} ${below}\n`;
  });
  text += `${name}_bucket{${labels}${separator}le="+Inf"} ${one.total}\n`;
  text += `${name}_sum${braces(labels)} ${numberText(one.value)}\n`;
  return `${text}${name}_count${braces(labels)} ${one.total}\n`;
}

function braces(labels: string): string {
  return labels === '' ? '' : `{${labels}}`;
}

function labelText(labels: Labels): string {
  return Object.keys(labels)
    .sort()
    .map((key) => `${key}="${escapeLabel(labels[key] ?? '')}"`)
    .join(',');
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return String(value);
}
