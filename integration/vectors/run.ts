/**
 * Runs files of test vectors (what Druid answers for single functions) against Grove's code:
 * `npm run vectors -- DIR|FILE…`. One line a file with passed and failed, `--verbose` shows the failures; vectors of
 * a kind that nothing here knows have failed. Cases in exceptions.json are counted apart.
 * Last line: `N passed, N failed`; exit code 1 when any failed.
 */
import fs from 'node:fs';
import path from 'node:path';
import { exceptions } from './exceptions.js';
import { kindsOfFile, notBuilt } from './kinds.js';
import { illTyped, type Vector, type Verdict, type VectorKind } from './vector.js';

const args = process.argv.slice(2);
const isVerbose = args.includes('--verbose');
let passed = 0;
let failed = 0;
for (const file of args.filter((arg) => !arg.startsWith('--')).flatMap(filesAt)) runFile(file);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function filesAt(at: string): string[] {
  if (!fs.statSync(at).isDirectory()) return [at];
  return fs
    .readdirSync(at, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const inside = path.join(at, entry.name);
      if (entry.isDirectory()) return filesAt(inside);
      return /\.jsonl?$/.test(entry.name) ? [inside] : [];
    });
}

/** JSON lines, or one object with its cases in `vectors`. */
function vectorsOf(file: string): readonly Vector[] {
  const text = fs.readFileSync(file, 'utf8');
  if (file.endsWith('.json')) {
    const { vectors } = JSON.parse(text) as { readonly vectors?: readonly Vector[] };
    return vectors ?? [];
  }
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ ...(JSON.parse(line) as Vector), line }));
}

function runFile(file: string): void {
  const name = path.basename(file);
  const missing = notBuilt.find(({ files }) => files.test(name));
  if (missing !== undefined) {
    console.log(`${name}: skipped (${missing.reason})`);
    return;
  }
  const kinds = kindsOfFile(name);
  const counts = { passed: 0, failed: 0, excepted: 0 };
  const unknown = new Map<string, number>();
  for (const vector of vectorsOf(file)) {
    const fn = typeof vector['fn'] === 'string' ? vector['fn'] : '';
    const kind = kinds(fn);
    if (kind === undefined) {
      const kindName = fn === '' ? name : fn;
      unknown.set(kindName, (unknown.get(kindName) ?? 0) + 1);
      counts.failed++;
      continue;
    }
    const verdict = guarded(kind, vector);
    if (verdict === undefined) counts.passed++;
    else if (verdict === illTyped || exceptions.has(String(vector['id']))) counts.excepted++;
    else {
      counts.failed++;
      if (isVerbose) console.log(`  ${describe(vector)}: ${verdict}`);
    }
  }
  const notes = [...unknown].map(([kind, count]) => `unknown kind ${kind}: ${count}`);
  if (counts.excepted > 0) notes.unshift(`excepted: ${counts.excepted}`);
  const tail = notes.length === 0 ? '' : ` (${notes.join(', ')})`;
  console.log(`${name}: ${counts.passed} passed, ${counts.failed} failed${tail}`);
  passed += counts.passed;
  failed += counts.failed;
}

function guarded(kind: VectorKind, vector: Vector): Verdict {
  try {
    return kind(vector);
  } catch (thrown) {
    return `crashed: ${String(thrown)}`;
  }
}

function describe(vector: Vector): string {
  const { id, fn, line: _, ...rest } = vector;
  return `${String(id)} ${String(fn)} ${JSON.stringify(rest).slice(0, 300)}`;
}
