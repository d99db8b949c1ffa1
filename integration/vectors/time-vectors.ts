/** Granularities, intervals, periods, instants, zones. */
import { invalidInput } from '../../proto/errors.js';
import { bucketer } from '../../query/granularity/buckets.js';
import { formatPeriod, parsePeriod, plainMillis } from '../../query/granularity/period.js';
import { findZone, zoneOrUtc, type Zone } from '../../query/granularity/zone.js';
import { granularityJson, parseGranularity, isFinerThan } from '../../query/granularity.js';
import { formatInstant, parseInstant, parseTimeOfDay } from '../../segment/timeline/instant.js';
import { formatInterval, parseInterval } from '../../segment/timeline/interval.js';
import { decodeDouble, sameData, show } from './typed-value.js';
import { attempt, judge, type Vector, type VectorKind, type Verdict } from './vector.js';

/** Instants beyond 2^53 only have to be as near as a double can be. */
function sameTimes(got: readonly number[], wanted: readonly unknown[]): Verdict {
  const times = wanted.map(decodeDouble);
  return sameData(got, times, 0) ? undefined : `got ${show(got)}, wanted ${show(times)}`;
}

function instant(vector: Vector): Verdict {
  const outcome = attempt(() => {
    const isJson = vector['fn'] === 'jsonDateTime';
    const text = isJson ? String(vector['input']).trim() : String(vector['input']);
    if (isJson && text === '') return null;
    // Only DateTimes.of takes digits that are no year for millis.
    const millis = !isJson && /^-?\d{1,16}$/.test(text) ? Number(text) : undefined;
    const time = parseInstant(text) ?? parseTimeOfDay(text) ?? millis;
    if (time === undefined) throw invalidInput('no instant', 'input');
    return time;
  });
  return judge(vector, outcome, (time) => {
    if (time === null) return vector['millis'] === null ? undefined : 'got null';
    return sameTimes([time], [vector['millis']]);
  });
}

function interval(vector: Vector): Verdict {
  const outcome = attempt(() => parseInterval(String(vector['input'])));
  return judge(vector, outcome, (found) => {
    const { string } = vector;
    if (typeof string === 'string' && string !== formatInterval(found)) {
      return `written as ${formatInterval(found)}, wanted ${string}`;
    }
    return sameTimes([found.startMs, found.endMs], [vector['start'], vector['end']]);
  });
}

function period(vector: Vector): Verdict {
  const outcome = attempt(() => {
    const found = parsePeriod(String(vector['input']));
    if (found === undefined) throw invalidInput('no period', 'input');
    return found;
  });
  return judge(vector, outcome, (found) => {
    const text = formatPeriod(found);
    if (text !== vector['string']) return `written as ${text}, wanted ${String(vector['string'])}`;
    const millis = vector['standardMillis'];
    return typeof millis === 'number' ? sameTimes([plainMillis(found)], [millis]) : undefined;
  });
}

function toIsoString(vector: Vector): Verdict {
  const outcome = attempt(() => formatInstant(decodeDouble(vector['input'])));
  return judge(vector, outcome, (text) =>
    text === vector['string'] ? undefined : `got ${text}, wanted ${String(vector['string'])}`,
  );
}

const offsetsOf = (zone: Zone): number[] => [0, 6].map((month) => zone.offsetAt(Date.UTC(2020, month, 1)));

function zone(vector: Vector): Verdict {
  const outcome = attempt(() => {
    const found = findZone(String(vector['input']));
    if (found === undefined) throw invalidInput('no zone', 'input');
    return offsetsOf(found);
  });
  return judge(vector, outcome, (offsets) =>
    sameTimes(offsets, [vector['offsetAt2020Jan'], vector['offsetAt2020Jul']]),
  );
}

/** Zones of other names are compared by what they do. */
function lenientZone(vector: Vector): Verdict {
  const outcome = attempt(() => offsetsOf(zoneOrUtc(String(vector['input']))));
  return judge(vector, outcome, (offsets) =>
    sameTimes(offsets, offsetsOf(zoneOrUtc(String(vector['zoneId'])))),
  );
}

function bucket(vector: Vector): Verdict {
  const outcome = attempt(() => {
    const buckets = bucketer(parseGranularity(vector['granularity'], 'granularity'));
    const start = buckets.start(decodeDouble(vector['t']));
    return [start, buckets.next(start)];
  });
  return judge(vector, outcome, (times) => sameTimes(times, [vector['start'], vector['end']]));
}

const BUCKETS_MAX = 30;

function iterate(vector: Vector): Verdict {
  const outcome = attempt(() => {
    const granularity = parseGranularity(vector['granularity'], 'granularity');
    const { startMs, endMs } = parseInterval(String(vector['interval']));
    if (granularity.type === 'all') return [startMs, endMs];
    const buckets = bucketer(granularity);
    const times: number[] = [];
    for (let at = buckets.start(startMs); at < endMs && times.length < 2 * BUCKETS_MAX;) {
      const next = buckets.next(at);
      times.push(at, next);
      at = next;
    }
    return times;
  });
  return judge(vector, outcome, (times) => sameTimes(times, (vector['buckets'] as unknown[][]).flat()));
}

function spec(vector: Vector): Verdict {
  const outcome = attempt(() => granularityJson(parseGranularity(vector['granularity'], 'granularity')));
  return judge(vector, outcome, (json) =>
    sameData(json, vector['canonical'], 0)
      ? undefined
      : `got ${show(json)}, wanted ${show(vector['canonical'])}`,
  );
}

function finer(vector: Vector): Verdict {
  const outcome = attempt(() =>
    isFinerThan(parseGranularity(vector['a'], 'a'), parseGranularity(vector['b'], 'b')),
  );
  return judge(vector, outcome, (result) => (result === vector['result'] ? undefined : `got ${result}`));
}

export const timeVectors: Readonly<Record<string, VectorKind | undefined>> = {
  dateTimeOf: instant,
  jsonDateTime: instant,
  intervalOf: interval,
  jsonInterval: interval,
  period,
  toIsoString,
  zone,
  zoneOrUtc: lenientZone,
  bucket,
  iterate,
  spec,
  isFinerThan: finer,
};
