/** Every chaos case, in the order they run. */
import type { ChaosCase } from './case.js';
import { smoke } from './smoke.js';

export const chaosCases: readonly ChaosCase[] = [smoke];
