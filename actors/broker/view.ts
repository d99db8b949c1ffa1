/**
 * What the broker knows. *What must be answered*: the expected set of the coordinator, and the realtime segments that
 * tasks announce. *Where it is*: the inventories. The two are never confused: an inventory adds no stored segment,
 * and a node that goes away takes none.
 */
import type { IntervalMs } from '../../segment/read/view.js';
import { parseDataSegmentText, type DataSegment } from '../../segment/timeline/data-segment.js';
import { Timeline } from '../../segment/timeline/timeline.js';
import type { NodeInventory } from '../inventory-watch.js';

export interface ViewSegment {
  readonly id: string;
  readonly interval: IntervalMs;
  readonly version: string;
  readonly shardSpec: DataSegment['shardSpec'];
  readonly segment: DataSegment;
  /** Loaded once and asked for by a rule, or announced by a task. */
  readonly queryable: boolean;
  readonly realtime: boolean;
}
export interface ExpectedEntry {
  readonly id: string;
  readonly json: string;
  readonly queryable: boolean;
}

export class BrokerView {
  readonly #expected = new Map<string, ViewSegment>();
  readonly #timelines = new Map<string, Timeline<ViewSegment>>();
  readonly #holders = new Map<string, Set<string>>();
  /** Node → ids it is a holder of. */
  readonly #held = new Map<string, Set<string>>();
  /** Realtime id → nodes that announce it. */
  readonly #realtime = new Map<string, { readonly segment: ViewSegment; readonly nodes: Set<string> }>();
  #hasExpected = false;

  /** False until the first whole snapshot: then nothing may be answered. */
  get hasExpected(): boolean {
    return this.#hasExpected;
  }

  /** `whole`: the entries are everything there is. A payload that can't be read is an error that names it. */
  applyExpected(changed: Iterable<ExpectedEntry>, removed: Iterable<string>, whole: boolean): void {
    if (whole) {
      const entries = [...changed];
      const there = new Set(entries.map((entry) => entry.id));
      for (const id of this.#expected.keys()) if (!there.has(id)) this.#removeExpected(id);
      for (const entry of entries) this.#addExpected(entry);
      this.#hasExpected = true;
      return;
    }
    for (const id of removed) this.#removeExpected(id);
    for (const entry of changed) this.#addExpected(entry);
  }

  #addExpected(entry: ExpectedEntry): void {
    const known = this.#expected.get(entry.id);
    const segment = parseDataSegmentText(entry.json, 'expected.segmentJson');
    const { interval, version, shardSpec } = segment;
    const next = {
      id: entry.id,
      interval,
      version,
      shardSpec,
      segment,
      queryable: entry.queryable || this.#realtime.has(entry.id),
      realtime: false,
    };
    if (known !== undefined) this.#timeline(known.segment.dataSource).remove(known);
    this.#expected.set(entry.id, next);
    this.#timeline(segment.dataSource).add(next);
  }

  #removeExpected(id: string): void {
    const known = this.#expected.get(id);
    if (known === undefined) return;
    this.#expected.delete(id);
    const timeline = this.#timeline(known.segment.dataSource);
    timeline.remove(known);
    const realtime = this.#realtime.get(id);
    if (realtime !== undefined) timeline.add(realtime.segment);
    this.#dropEmpty(known.segment.dataSource);
  }

  /** The inventory of one node as it is now; undefined = the node is gone. */
  applyInventory(node: string, inventory: NodeInventory | undefined): void {
    const ids = new Set<string>();
    const realtime = new Set<string>();
    for (const copy of inventory?.copies.values() ?? []) {
      if (copy.state === 'served' || copy.state === 'realtime') ids.add(copy.segmentId);
      if (copy.state === 'realtime') {
        realtime.add(copy.segmentId);
        this.#announce(node, copy.segmentId, copy.segmentJson);
      }
    }
    this.#setHeld(node, ids);
    for (const [id, entry] of this.#realtime) {
      if (entry.nodes.has(node) && !realtime.has(id)) this.#withdraw(node, id);
    }
  }

  /** A few copies of a node changed: the same as `applyInventory`, without going through the others. */
  applyCopies(node: string, inventory: NodeInventory, segmentIds: readonly string[]): void {
    const held = this.#held.get(node) ?? new Set<string>();
    this.#held.set(node, held);
    for (const id of segmentIds) {
      const copy = inventory.copies.get(id);
      const isHeld = copy?.state === 'served' || copy?.state === 'realtime';
      if (isHeld) {
        held.add(id);
        this.#hold(id, node);
      } else if (held.delete(id)) {
        this.#letGo(id, node);
      }
      if (copy?.state === 'realtime') this.#announce(node, id, copy.segmentJson);
      else if (this.#realtime.get(id)?.nodes.has(node) === true) this.#withdraw(node, id);
    }
  }

  /** Nodes that serve the segment, as last heard. */
  holders(id: string): ReadonlySet<string> {
    return this.#holders.get(id) ?? nobody;
  }

  everyQueryableHasHolder(): boolean {
    for (const segment of this.#expected.values()) {
      if (segment.queryable && !this.#holders.has(segment.id)) return false;
    }
    return true;
  }

  /** Undefined: nothing is known of the datasource. */
  timeline(dataSource: string): Timeline<ViewSegment> | undefined {
    return this.#timelines.get(dataSource);
  }

  /** Names of datasources that can be queried, in order. */
  dataSources(): readonly string[] {
    const names: string[] = [];
    for (const [name, timeline] of this.#timelines) {
      for (const segment of timeline.segments()) {
        if (!segment.queryable) continue;
        names.push(name);
        break;
      }
    }
    return names.toSorted();
  }

  #timeline(dataSource: string): Timeline<ViewSegment> {
    let timeline = this.#timelines.get(dataSource);
    if (timeline === undefined) {
      timeline = new Timeline();
      this.#timelines.set(dataSource, timeline);
    }
    return timeline;
  }

  #dropEmpty(dataSource: string): void {
    if (this.#timelines.get(dataSource)?.size === 0) this.#timelines.delete(dataSource);
  }

  #setHeld(node: string, ids: Set<string>): void {
    for (const id of this.#held.get(node) ?? []) if (!ids.has(id)) this.#letGo(id, node);
    for (const id of ids) this.#hold(id, node);
    if (ids.size === 0) this.#held.delete(node);
    else this.#held.set(node, ids);
  }

  #hold(id: string, node: string): void {
    const nodes = this.#holders.get(id) ?? new Set<string>();
    nodes.add(node);
    this.#holders.set(id, nodes);
  }

  #letGo(id: string, node: string): void {
    const nodes = this.#holders.get(id);
    nodes?.delete(node);
    if (nodes?.size === 0) this.#holders.delete(id);
  }

  #announce(node: string, id: string, json: string): void {
    const known = this.#realtime.get(id);
    if (known !== undefined) {
      known.nodes.add(node);
      return;
    }
    const segment = parseDataSegmentText(json, 'inventory.segmentJson');
    const { interval, version, shardSpec } = segment;
    const entry = { id, interval, version, shardSpec, segment, queryable: true, realtime: true };
    this.#realtime.set(id, { segment: entry, nodes: new Set([node]) });
    // The published record is the better one, but while a task serves the rows they must be answered.
    const expected = this.#expected.get(id);
    if (expected === undefined) this.#timeline(segment.dataSource).add(entry);
    else if (!expected.queryable) this.#replace(expected, true);
  }

  #withdraw(node: string, id: string): void {
    const entry = this.#realtime.get(id);
    if (entry === undefined) return;
    entry.nodes.delete(node);
    if (entry.nodes.size > 0) return;
    this.#realtime.delete(id);
    // Handed off: from here on the stored copy answers; a task leaves only when it has seen one.
    if (this.#expected.has(id)) return;
    this.#timeline(entry.segment.segment.dataSource).remove(entry.segment);
    this.#dropEmpty(entry.segment.segment.dataSource);
  }

  #replace(segment: ViewSegment, queryable: boolean): void {
    const next = { ...segment, queryable };
    this.#expected.set(segment.id, next);
    this.#timeline(segment.segment.dataSource).add(next);
  }
}

const nobody: ReadonlySet<string> = new Set();
