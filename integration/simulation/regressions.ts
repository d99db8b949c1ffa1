/** Seeds that failed once, each with what they found. They run for ever. */
export const failedBefore: readonly number[] = [];
