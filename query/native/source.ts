/**
 * What a query reads: a tree whose leaf on the left side is streamed and whose other leaves are held in memory.
 * Plain data, as the rest of the query.
 */
import type { Frame } from '../frame.js';
import type { Filter, NativeQuery, VirtualColumn } from './model.js';

export type JoinType = 'INNER' | 'LEFT' | 'RIGHT' | 'FULL';

export type Source =
  | { readonly type: 'tables'; readonly names: readonly string[] }
  /** Rows in memory; their `__time`, where they have one, is a LONG column of the frame. */
  | {
      readonly type: 'inline';
      readonly frame: Frame;
      /** Of the lookup whose rows these are. */
      readonly lookup?: string;
      /** Columns whose types were not told: what they are here is a guess that no answer tells. */
      readonly untyped?: readonly string[];
    }
  /** `json` is the text of the query, for those who have to ask others. */
  | { readonly type: 'query'; readonly query: NativeQuery; readonly json: string }
  | { readonly type: 'lookup'; readonly lookup: string }
  | {
      readonly type: 'join';
      readonly left: Source;
      readonly right: Source;
      readonly rightPrefix: string;
      readonly condition: string;
      readonly joinType: JoinType;
      readonly leftFilter: Filter | undefined;
    }
  | {
      readonly type: 'unnest';
      readonly base: Source;
      /** Adds its elements, in place of a column of its name. */
      readonly column: VirtualColumn;
      readonly filter: Filter | undefined;
    }
  | { readonly type: 'filter'; readonly base: Source; readonly filter: Filter };

/** Leaves whose rows somebody has to fetch first. */
export type PendingSource = Extract<Source, { type: 'query' | 'lookup' }>;

/** The leaf that is streamed: tables, or rows in memory. */
export function leafOf(source: Source): Exclude<Source, { type: 'join' | 'unnest' | 'filter' }> {
  switch (source.type) {
    case 'join':
      return leafOf(source.left);
    case 'unnest':
    case 'filter':
      return leafOf(source.base);
    default:
      return source;
  }
}

/** Tables of the streamed leaf; none when it is rows in memory. */
export function tablesOf(source: Source): readonly string[] {
  const leaf = leafOf(source);
  return leaf.type === 'tables' ? leaf.names : [];
}

/** In the order in which {@link withFrames} takes their rows. */
export function pendingSources(source: Source | undefined): readonly PendingSource[] {
  switch (source?.type) {
    case 'query':
    case 'lookup':
      return [source];
    case 'join':
      return [...pendingSources(source.left), ...pendingSources(source.right)];
    case 'unnest':
    case 'filter':
      return pendingSources(source.base);
    default:
      return [];
  }
}

/** The tree with frames in place of the pending leaves; leaves beyond the frames stay as they are. */
export function withFrames(source: Source, frames: readonly Frame[]): Source {
  const rest = frames.values();
  const fill = (node: Source): Source => {
    switch (node.type) {
      case 'query':
      case 'lookup': {
        const next = rest.next();
        if (next.done === true) return node;
        const lookup = node.type === 'lookup' ? { lookup: node.lookup } : {};
        return { type: 'inline', frame: next.value, ...lookup };
      }
      case 'join': {
        const left = fill(node.left);
        return { ...node, left, right: fill(node.right) };
      }
      case 'unnest':
      case 'filter':
        return { ...node, base: fill(node.base) };
      default:
        return node;
    }
  };
  return fill(source);
}
