/** What the coordinator reads from the store: used segments, what was loaded once, the rules; whole or not at all. */
import { CodedError } from '../../proto/errors.js';
import type { SegmentRow } from '../../proto/metadata.js';
import type { Deadline, Log } from '../../runtime/types.js';
import { parseDataSegmentText } from '../../segment/timeline/data-segment.js';
import { pagesOf, type MetadataClient } from '../metadata-client.js';
import type { UsedSegment } from './expected.js';
import { parseRulesText, RuleBook, type Rule } from './rules.js';

export interface StoredSegment extends UsedSegment {
  readonly createdDate: string;
}
export interface MetadataSnapshot {
  readonly revision: number;
  readonly used: readonly StoredSegment[];
  readonly loadedOnce: ReadonlySet<string>;
  readonly rules: RuleBook;
  /** The rule lists as stored: the same text is the same book. */
  readonly rulesText: string;
}

/** How often a read starts again because segments changed between its pages. */
const triesMax = 5;

/** Reads again only what has changed since `before`. Errors: MetadataUnavailable, Conflict (the store never held still). */
export async function readSnapshot(
  metadata: MetadataClient,
  before: MetadataSnapshot | undefined,
  deadline: Deadline,
  log: Log,
): Promise<MetadataSnapshot> {
  const rules = await readRuleBook(metadata, before, deadline, log);
  const { revision } = await metadata.read('readSegmentsRevision', {}, { deadline });
  if (before !== undefined && before.revision === revision) return { ...before, ...rules };
  for (let attempt = 0; attempt < triesMax; attempt++) {
    const read = await readSegments(metadata, before, deadline, log);
    if (read !== undefined) return { ...read, ...rules };
  }
  throw new CodedError('Conflict', 'Used segments changed while they were read, again and again');
}

type RulesRead = Pick<MetadataSnapshot, 'rules' | 'rulesText'>;
type SegmentsRead = Omit<MetadataSnapshot, keyof RulesRead>;

async function readSegments(
  metadata: MetadataClient,
  before: MetadataSnapshot | undefined,
  deadline: Deadline,
  log: Log,
): Promise<SegmentsRead | undefined> {
  // Marks first: a mark made meanwhile changes the revision, so a stale pair is never taken for a whole one.
  const { revision: first } = await metadata.read('readSegmentsRevision', {}, { deadline });
  const loadedOnce = new Set<string>();
  for await (const page of pagesOf((after) => metadata.read('readQueryable', { after }, { deadline }))) {
    for (const id of page.segmentIds) loadedOnce.add(id);
  }
  const known = new Map(before?.used.map((segment) => [segment.id, segment]));
  const used: StoredSegment[] = [];
  for await (const page of pagesOf((after) => metadata.read('readUsedSegments', { after }, { deadline }))) {
    if (page.revision !== first) return undefined;
    for (const row of page.segments) {
      const segment = readRow(row, known.get(row.id), log);
      if (segment !== undefined) used.push(segment);
    }
  }
  return { revision: first, used, loadedOnce };
}

/** A bad row is left out with a word: it must never stop the coordinator. */
function readRow(row: SegmentRow, known: StoredSegment | undefined, log: Log): StoredSegment | undefined {
  if (known !== undefined && known.json === row.payload) return known;
  try {
    const segment = parseDataSegmentText(row.payload);
    return { id: row.id, segment, json: row.payload, createdDate: row.createdDate };
  } catch (error) {
    log.error('a segment row can not be read: it is left out', {
      segment: row.id,
      error: error instanceof Error ? error.message : String(error),
    });
    return undefined;
  }
}

async function readRuleBook(
  metadata: MetadataClient,
  before: MetadataSnapshot | undefined,
  deadline: Deadline,
  log: Log,
): Promise<RulesRead> {
  const { rules } = await metadata.read('readRules', {}, { deadline });
  const rulesText = JSON.stringify(rules);
  if (before?.rulesText === rulesText) return { rules: before.rules, rulesText };
  const lists = new Map<string, readonly Rule[]>();
  for (const { dataSource, payload } of rules) {
    try {
      lists.set(dataSource, parseRulesText(payload));
    } catch (error) {
      // An unreadable list must not make its segments unwanted: a list that asks for nothing leaves them as they are.
      lists.set(dataSource, []);
      log.error('a rule list can not be read: it is left out', {
        dataSource,
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }
  return { rules: new RuleBook(lists), rulesText };
}
