/** A segment with the query's virtual columns beside its own; a virtual one hides a stored one of the same name. */
import { CodedError } from '../../../proto/errors.js';
import type { ColumnView, IntervalMs, SegmentView } from '../../../segment/read/view.js';
import { parseExpression } from '../../expression/parser.js';
import type { VirtualColumn } from '../../native/model.js';
import type { Environment } from '../environment.js';
import type { Mask } from '../filter.js';
import { steppedColumn, type UnderGaps, underGaps } from './dimension-column.js';
import { expressionColumn, printedExpression } from './expression-column.js';
import { indexedField, nestedFieldColumn, printedField, storedNumbers } from './nested-field.js';

const none: ReadonlySet<string> = new Set();

export class DerivedSegment implements SegmentView {
  readonly id: string;
  readonly interval: IntervalMs;
  readonly rowCount: number;
  readonly timeSorted: boolean;
  readonly dimensions: readonly string[];
  readonly metrics: readonly string[];
  readonly metadataText: string | undefined;
  readonly #base: SegmentView;
  readonly #virtual: ReadonlyMap<string, VirtualColumn>;
  readonly #early: ReadonlySet<string>;
  readonly #environment: Environment;
  readonly #made = new Map<string, ColumnView | undefined>();
  readonly #open = new Set<string>();

  /**
   * `environment`: without this segment; its `wanted` says for which rows values are needed. `early`: virtual columns
   * that the segment below has computed already.
   */
  constructor(
    environment: Environment,
    virtualColumns: readonly VirtualColumn[],
    early: ReadonlySet<string> = none,
  ) {
    const base = environment.segment;
    this.#base = base;
    this.#virtual = new Map(virtualColumns.map((column) => [column.name, column]));
    this.#early = early;
    this.#environment = { ...environment, segment: this };
    this.id = base.id;
    this.interval = base.interval;
    this.rowCount = base.rowCount;
    this.timeSorted = base.timeSorted;
    this.dimensions = [...new Set([...virtualColumns.map(({ name }) => name), ...base.dimensions])];
    this.metrics = base.metrics;
    this.metadataText = base.metadataText;
  }

  /** The same for fewer rows; nothing computed so far is taken over. */
  restricted(wanted: Mask): DerivedSegment {
    const columns = [...this.#virtual.values()];
    return new DerivedSegment({ ...this.#environment, segment: this.#base, wanted }, columns, this.#early);
  }

  /** As indexes know the columns: fields of documents are what is stored, whatever is expected of them. */
  indexed(): DerivedSegment {
    const columns = [...this.#virtual.values()];
    if (!columns.some(({ type }) => type === 'nested-field')) return this;
    const environment = { ...this.#environment, segment: this.#base, byIndex: true };
    return new DerivedSegment(environment, columns, this.#early);
  }

  /** The column whose values it filters. */
  filteredFrom(name: string): string | undefined {
    const virtual = this.#virtual.get(name);
    return virtual?.type === 'filtered' && !this.#early.has(name) ? virtual.delegate : undefined;
  }

  isVirtual(name: string): boolean {
    return this.#virtual.has(name);
  }

  /** By an expression, so that several entries of its dictionary may be equal. */
  isComputed(name: string): boolean {
    return this.#virtual.get(name)?.type === 'expression';
  }

  /** By an expression that is more than another column's name. */
  isCalculated(name: string): boolean {
    const virtual = this.#virtual.get(name);
    return virtual?.type === 'expression' && parseExpression(virtual.expression).kind !== 'identifier';
  }

  column(name: string): ColumnView | undefined {
    const virtual = this.#virtual.get(name);
    if (virtual === undefined || this.#early.has(name)) return this.#base.column(name);
    if (!this.#made.has(name)) {
      if (this.#open.has(name)) {
        throw new CodedError('InvalidInput', `Self-referential column[${name}]`, { field: 'virtualColumns' });
      }
      this.#open.add(name);
      this.#made.set(name, this.#make(virtual));
      this.#open.delete(name);
    }
    return this.#made.get(name);
  }

  /** The column as the rows of a scan show it. */
  printed(name: string): ColumnView | undefined {
    const virtual = this.#early.has(name) ? undefined : this.#virtual.get(name);
    if (virtual?.type === 'nested-field') return printedField(this.#environment, virtual);
    return virtual?.type === 'expression'
      ? printedExpression(this.#environment, virtual.expression, virtual.outputType)
      : virtual === undefined
        ? printedColumn(this.#base, name)
        : this.column(name);
  }

  /** The column as aggregators of numbers read it. */
  numbers(name: string): ColumnView | undefined {
    const virtual = this.#early.has(name) ? undefined : this.#virtual.get(name);
    const stored = virtual?.type === 'nested-field' ? storedNumbers(this.#environment, virtual) : undefined;
    return stored ?? this.column(name);
  }

  /** A field of documents, or such a column as a whole. */
  isField(name: string): boolean {
    return !this.#early.has(name) && this.#virtual.get(name)?.type === 'nested-field';
  }

  /** Parts of documents as they are, to be grouped by the texts of their objects. */
  isRawField(name: string): boolean {
    const virtual = this.#early.has(name) ? undefined : this.#virtual.get(name);
    return virtual?.type === 'nested-field' && virtual.processFromRaw;
  }

  underGaps(name: string, make: (environment: Environment) => ColumnView | undefined): UnderGaps {
    if (this.#virtual.has(name) && !this.#early.has(name)) return undefined;
    return underGaps(this.#base, name, make);
  }

  #make(virtual: VirtualColumn): ColumnView | undefined {
    const environment = this.#environment;
    switch (virtual.type) {
      case 'expression':
        return expressionColumn(environment, virtual.expression, virtual.outputType);
      case 'filtered':
        return steppedColumn(environment, this.column(virtual.delegate), virtual.steps, true);
      case 'nested-field':
        return (
          (environment.byIndex === true ? indexedField(environment, virtual) : undefined) ??
          nestedFieldColumn(environment, virtual)
        );
      case 'fallback':
        return virtual.columns.map((column) => this.column(column)).find((column) => column !== undefined);
    }
  }

  timeRange(): { readonly minMs: number; readonly maxMs: number } | undefined {
    return this.#base.timeRange();
  }
  lowerBound(ms: number): number {
    return this.#base.lowerBound(ms);
  }
  close(): void {
    this.#base.close();
  }
}

/** The column as the rows of a scan show it, which some views know better than others. */
export function printedColumn(segment: SegmentView, name: string): ColumnView | undefined {
  const view: SegmentView & { printed?: (name: string) => ColumnView | undefined } = segment;
  return view.printed === undefined ? segment.column(name) : view.printed(name);
}

/** The environment for the rows of a mask only: what it computes is computed for no other rows. */
export function restrictedTo(environment: Environment, wanted: Mask): Environment {
  const { segment } = environment;
  if (wanted.kind === 'all' && environment.wanted === undefined) return environment;
  return {
    ...environment,
    wanted,
    segment: segment instanceof DerivedSegment ? segment.restricted(wanted) : segment,
  };
}
