/**
 * When a segment's last copies may go: after every live broker has applied an expected set without it. Pure
 * bookkeeping of sequences and acknowledgements, within one leader epoch.
 */
export class ReleaseBook {
  /** Segment → sequence of the first expected set without it. */
  readonly #leftAt = new Map<string, number>();
  readonly #acknowledged = new Map<string, number>();
  #firstWhole = 0;

  /** The expected set after a change; `queryable` are those queries are answered from. */
  published(sequence: number, left: Iterable<string>, entered: Iterable<string>): void {
    if (this.#firstWhole === 0) this.#firstWhole = sequence;
    for (const id of left) this.#leftAt.set(id, sequence);
    for (const id of entered) this.#leftAt.delete(id);
  }

  acknowledged(broker: string, sequence: number): void {
    this.#acknowledged.set(broker, Math.max(sequence, this.#acknowledged.get(broker) ?? 0));
  }

  /** False while nothing was published. Brokers that are not live don't count: they start from a snapshot. */
  isReleased(segmentId: string, liveBrokers: readonly string[]): boolean {
    if (this.#firstWhole === 0) return false;
    const needed = this.#leftAt.get(segmentId) ?? this.#firstWhole;
    return liveBrokers.every((broker) => (this.#acknowledged.get(broker) ?? 0) >= needed);
  }
}
