/** A segment with the query's virtual columns beside its own; a virtual one hides a stored one of the same name. */
import { CodedError } from '../../../proto/errors.js';
import type { ColumnView, IntervalMs, SegmentView } from '../../../segment/read/view.js';
import type { VirtualColumn } from '../../native/model.js';
import type { Environment } from '../environment.js';
import type { Mask } from '../filter.js';
import { steppedColumn } from './dimension-column.js';
import { expressionColumn, printedExpression } from './expression-column.js';
import { indexedField, nestedFieldColumn, printedField, storedNumbers } from './nested-field.js';

export class DerivedSegment implements SegmentView {
  readonly id: string;
  readonly interval: IntervalMs;
  readonly rowCount: number;
  readonly timeSorted: boolean;
  readonly dimensions: readonly string[];
  readonly metrics: readonly string[];
  readonly #base: SegmentView;
  readonly #virtual: ReadonlyMap<string, VirtualColumn>;
  readonly #environment: Environment;
  readonly #made = new Map<string, ColumnView | undefined>();
  readonly #open = new Set<string>();

  /** `environment`: without this segment; its `wanted` says for which rows values are needed. */
  constructor(environment: Environment, virtualColumns: readonly VirtualColumn[]) {
    const base = environment.segment;
    this.#base = base;
    this.#virtual = new Map(virtualColumns.map((column) => [column.name, column]));
    this.#environment = { ...environment, segment: this };
    this.id = base.id;
    this.interval = base.interval;
    this.rowCount = base.rowCount;
    this.timeSorted = base.timeSorted;
    this.dimensions = [...virtualColumns.map(({ name }) => name), ...base.dimensions];
    this.metrics = base.metrics;
  }

  /** The same for fewer rows; nothing computed so far is taken over. */
  restricted(wanted: Mask): DerivedSegment {
    return new DerivedSegment({ ...this.#environment, segment: this.#base, wanted }, [
      ...this.#virtual.values(),
    ]);
  }

  /** As indexes know the columns: fields of documents are what is stored, whatever is expected of them. */
  indexed(): DerivedSegment {
    const columns = [...this.#virtual.values()];
    if (!columns.some(({ type }) => type === 'nested-field')) return this;
    return new DerivedSegment({ ...this.#environment, segment: this.#base, byIndex: true }, columns);
  }

  /** The column whose values it filters. */
  filteredFrom(name: string): string | undefined {
    const virtual = this.#virtual.get(name);
    return virtual?.type === 'filtered' ? virtual.delegate : undefined;
  }

  isVirtual(name: string): boolean {
    return this.#virtual.has(name);
  }

  /** By an expression, so that several entries of its dictionary may be equal. */
  isComputed(name: string): boolean {
    return this.#virtual.get(name)?.type === 'expression';
  }

  column(name: string): ColumnView | undefined {
    const virtual = this.#virtual.get(name);
    if (virtual === undefined) return this.#base.column(name);
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
    const virtual = this.#virtual.get(name);
    if (virtual?.type === 'nested-field') return printedField(this.#environment, virtual);
    return virtual?.type === 'expression'
      ? printedExpression(this.#environment, virtual.expression, virtual.outputType)
      : virtual === undefined
        ? printedColumn(this.#base, name)
        : this.column(name);
  }

  /** The column as aggregators of numbers read it. */
  numbers(name: string): ColumnView | undefined {
    const virtual = this.#virtual.get(name);
    const stored = virtual?.type === 'nested-field' ? storedNumbers(this.#environment, virtual) : undefined;
    return stored ?? this.column(name);
  }

  /** A field of documents, or such a column as a whole. */
  isField(name: string): boolean {
    return this.#virtual.get(name)?.type === 'nested-field';
  }

  #make(virtual: VirtualColumn): ColumnView | undefined {
    const environment = this.#environment;
    switch (virtual.type) {
      case 'expression':
        return expressionColumn(environment, virtual.expression, virtual.outputType);
      case 'filtered':
        return steppedColumn(environment, this.column(virtual.delegate), virtual.steps);
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
