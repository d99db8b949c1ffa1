/**
 * A part whose server can't be had is skipped with a reason, never silently: the runner prints the reasons.
 */
export const skipped: { readonly test: string; readonly reason: string }[] = [];

interface MochaContext {
  skip(): never;
  readonly test?: { fullTitle(): string } | undefined;
}

/** Skips the running test or suite hook and keeps the reason for the closing lines. */
export function skipBecause(context: MochaContext, reason: string): never {
  skipped.push({ test: context.test?.fullTitle() ?? '', reason });
  return context.skip();
}
