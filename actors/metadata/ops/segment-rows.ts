/** Rows of druid_segments. */
import type { Interval, SegmentRow } from '../../../proto/metadata.js';
import type { Knex } from '../store.js';
import { comparable, flag, text } from './rows.js';

export interface SegmentTableRow {
  readonly id: string;
  readonly dataSource: string;
  readonly created_date: string;
  readonly start: string;
  readonly end: string;
  readonly partitioned: boolean | number;
  readonly version: string;
  readonly used: boolean | number;
  readonly payload: unknown;
  readonly used_status_last_updated: string;
  readonly upgraded_from_segment_id: string | null;
}

export function toSegmentRow(row: SegmentTableRow): SegmentRow {
  return {
    id: row.id,
    dataSource: row.dataSource,
    createdDate: row.created_date,
    start: row.start,
    end: row.end,
    version: row.version,
    used: flag(row.used),
    usedStatusLastUpdated: row.used_status_last_updated,
    payload: text(row.payload),
  };
}

/**
 * Rows that may overlap. Years outside 0000 … 9999 don't compare as text: such rows always pass here and callers
 * judge exactly.
 */
export function whereOverlaps(query: Knex.QueryBuilder, interval: Interval): void {
  if (!comparable(interval)) return;
  void query.where((either) => {
    void either
      .where((plain) => void plain.where('start', '<', interval.end).andWhere('end', '>', interval.start))
      .orWhereRaw('length(??) <> 24', ['start'])
      .orWhereRaw('length(??) <> 24', ['end']);
  });
}
