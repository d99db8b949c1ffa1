/** `systemFields`: where a row came from, as columns that have to be asked for. */
import type { JsonKeys } from '../spec/keys.js';

export type SystemField = '__file_uri' | '__file_bucket' | '__file_path';
const known: readonly SystemField[] = ['__file_uri', '__file_bucket', '__file_path'];

/** Throws InvalidInput for names that mean nothing. */
export function checkSystemFields(keys: JsonKeys): readonly SystemField[] {
  return (keys.texts('systemFields') ?? []).map((name, i) => {
    const found = known.find((each) => each === name);
    if (found === undefined) throw keys.wrong(`systemFields[${i}]`, `must be one of [${known.join(', ')}]`);
    return found;
  });
}

/** The values that were asked for; undefined when none was. */
export function systemFieldsOf(
  asked: readonly SystemField[],
  values: Readonly<Partial<Record<SystemField, string>>>,
): Readonly<Record<string, string | null>> | undefined {
  if (asked.length === 0) return undefined;
  return Object.fromEntries(asked.map((name) => [name, values[name] ?? null]));
}
