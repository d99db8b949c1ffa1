/** What a node that loads lookups has to do: what there is against what it holds. Pure. */

export interface LookupDigest {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
}
export interface LookupPlan {
  /** New ones, and those that are others than the ones held. */
  readonly fetch: readonly LookupDigest[];
  /** Nobody registers them any more. */
  readonly drop: readonly string[];
}

/** `held`: name → digest of what is loaded, or being loaded. */
export function planLookups(
  wanted: readonly LookupDigest[],
  held: ReadonlyMap<string, { readonly digest: string }>,
): LookupPlan {
  const names = new Set(wanted.map(({ name }) => name));
  return {
    fetch: wanted.filter(({ name, digest }) => held.get(name)?.digest !== digest),
    drop: [...held.keys()].filter((name) => !names.has(name)),
  };
}

/** How long to wait before the next attempt: doubled each time, within limits. */
export function retryMs(failures: number): number {
  return Math.min(120_000, 1_000 * 2 ** Math.min(failures - 1, 10));
}
