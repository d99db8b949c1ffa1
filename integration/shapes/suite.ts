/**
 * A folder of recorded answers: `datasets/NAME/*.json` are batch task specs in the order of their names (or of
 * `datasets/manifest.json`, which also says what waits for what), `queries/**.json` lists of cases with the request and
 * the answer that was recorded. `${DATA}` in a spec stands for the folder of the data sets.
 */
import fs from 'node:fs';
import path from 'node:path';
import { parseJson } from '../../query/json/parse.js';
import { jsonText } from '../../query/json/write.js';

export interface DataSet {
  readonly name: string;
  readonly steps: readonly unknown[];
  /** Data sets that must be there before. */
  readonly after: readonly string[];
  /** Stored rows at the end; undefined: not told. */
  readonly rows: number | undefined;
}

export interface Case {
  readonly name: string;
  readonly family: string;
  readonly path: string;
  /** The request as it is sent. */
  readonly text: string;
  /** The request read, when it is JSON. */
  readonly query: Readonly<Record<string, unknown>> | undefined;
  readonly status: number;
  readonly response: unknown;
  /** `ordered`, `unordered`, `approx:X`, `text`, `error`. */
  readonly flags: readonly string[];
}

export interface Suite {
  readonly dataDir: string;
  /** In an order in which each can be loaded. */
  readonly dataSets: readonly DataSet[];
  readonly cases: readonly Case[];
}

type Json = Readonly<Record<string, unknown>>;

export function readSuite(dir: string): Suite {
  const dataDir = path.resolve(dir, 'datasets');
  return { dataDir, dataSets: readDataSets(dataDir), cases: readCases(path.resolve(dir, 'queries')) };
}

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function readDataSets(dataDir: string): DataSet[] {
  const manifest = path.join(dataDir, 'manifest.json');
  const step = (name: string): unknown => readSpec(path.join(dataDir, name), dataDir);
  if (!fs.existsSync(manifest)) {
    return foldersIn(dataDir).flatMap((name) => {
      const files = jsonFiles(path.join(dataDir, name));
      const steps = files.map((file) => readSpec(file, dataDir)).filter(isTask);
      return steps.length === 0 ? [] : [{ name, steps, after: [], rows: undefined }];
    });
  }
  const { datasets = [] } = parseJson(fs.readFileSync(manifest, 'utf8')) as { datasets?: readonly Json[] };
  const left = [...datasets];
  const ordered: Json[] = [];
  const isThere = (name: unknown): boolean => ordered.some((one) => one['name'] === name);
  while (left.length > 0) {
    const next = left.findIndex(({ after }) => ((after ?? []) as readonly unknown[]).every(isThere));
    // What waits for something that is not in the list comes last.
    ordered.push(...left.splice(Math.max(next, 0), 1));
  }
  return ordered.map(({ name, steps, after, rows }) => ({
    name: String(name),
    steps: (steps as readonly string[]).map(step),
    after: (after ?? []) as readonly string[],
    rows: typeof rows === 'number' ? rows : undefined,
  }));
}

function foldersIn(dir: string): string[] {
  const entries = fs.readdirSync(dir, { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).toSorted();
}

function jsonFiles(dir: string): string[] {
  const entries = fs.readdirSync(dir, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const inside = path.join(dir, entry.name);
    if (entry.isDirectory()) return jsonFiles(inside);
    return entry.name.endsWith('.json') ? [inside] : [];
  });
}

function readSpec(file: string, dataDir: string): unknown {
  const inString = JSON.stringify(dataDir).slice(1, -1);
  return parseJson(fs.readFileSync(file, 'utf8').replaceAll('${DATA}', inString));
}

const isTask = (spec: unknown): boolean => isObject(spec) && isObject(spec['spec']);

const queryPath = '/druid/v2';
const textOf = (value: unknown, fallback: string): string => (typeof value === 'string' ? value : fallback);

/** Native queries: posted to `/druid/v2`, whatever else a suite asks for. */
function readCases(dir: string): Case[] {
  return jsonFiles(dir).flatMap((file) => {
    const found = parseJson(fs.readFileSync(file, 'utf8'));
    const list = (Array.isArray(found) ? found : []) as readonly Json[];
    return list.filter(isNativeQuery).map((json) => caseOf(json, path.basename(file, '.json')));
  });
}

function isNativeQuery(json: unknown): boolean {
  if (!isObject(json) || (json['kind'] ?? 'native') !== 'native') return false;
  if ((json['method'] ?? 'POST') !== 'POST') return false;
  return /^\/druid\/v2\/?(\?|$)/.test(textOf(json['path'], queryPath));
}

function caseOf(json: Json, file: string): Case {
  const { body, rawBody } = json;
  const text = typeof rawBody === 'string' ? rawBody : jsonText(body);
  return {
    name: textOf(json['name'], ''),
    family: textOf(json['family'], file),
    path: textOf(json['path'], queryPath),
    text,
    query: isObject(body) ? body : undefined,
    status: Number(json['status'] ?? 200),
    response: json['response'],
    flags: textOf(json['compare'], 'ordered').split(','),
  };
}
