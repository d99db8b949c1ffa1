/** What workers said of themselves, for the views; what counts for assignments is presence. */
export interface WorkerNote {
  readonly enabled: boolean;
  readonly slots: number;
  readonly lastCompletedDate: string;
}
const never = '1970-01-01T00:00:00.000Z';

export class WorkerReports {
  readonly #notes = new Map<string, WorkerNote>();

  heard(node: string, said: { readonly enabled: boolean; readonly slots: number }): void {
    this.#notes.set(node, { ...said, lastCompletedDate: this.#notes.get(node)?.lastCompletedDate ?? never });
  }
  completed(node: string, date: string): void {
    const note = this.#notes.get(node) ?? { enabled: true, slots: 0, lastCompletedDate: never };
    this.#notes.set(node, { ...note, lastCompletedDate: date });
  }
  of(node: string): WorkerNote | undefined {
    return this.#notes.get(node);
  }
}
