/**
 * What must not outlive the tests: actions done when this process ends, however it ends. Processes started by tests may
 * have groups of their own, and a signal or a test that failed half-way leaves them behind.
 */
const actions = new Set<() => void>();

/** `action` must not wait for anything. The answer takes it back: what it would clean up is gone. */
export function atEnd(action: () => void): () => void {
  actions.add(action);
  return () => void actions.delete(action);
}

process.once('exit', () => {
  for (const action of actions) action();
});
for (const [signal, number] of [
  ['SIGHUP', 1],
  ['SIGINT', 2],
  ['SIGTERM', 15],
] as const) {
  process.once(signal, () => process.exit(128 + number));
}
