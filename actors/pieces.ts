/** Pieces of an answer that arrive while earlier ones are still on their way out. */
export class Pieces<T> {
  readonly #waiting: T[] = [];
  #end: { readonly error?: unknown } | undefined;
  #wake: (() => void) | undefined;
  #roomy: (() => void) | undefined;

  push(...pieces: readonly T[]): void {
    for (const piece of pieces) this.#waiting.push(piece);
    this.#notify();
  }

  /** Resolves when fewer than `most` wait. For one writer. */
  async room(most: number): Promise<void> {
    while (this.#waiting.length >= most) {
      await new Promise<void>((resolve) => {
        this.#roomy = resolve;
      });
    }
  }

  /** Nothing more comes; with an error, the reader fails once it has what came before. */
  end(end: { readonly error?: unknown } = {}): void {
    this.#end ??= end;
    this.#notify();
  }

  /** For one reader. */
  async *read(): AsyncGenerator<T> {
    for (;;) {
      const piece = this.#waiting.shift();
      if (piece !== undefined) {
        const roomy = this.#roomy;
        this.#roomy = undefined;
        roomy?.();
        yield piece;
      } else if (this.#end !== undefined) {
        if ('error' in this.#end) throw this.#end.error;
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
