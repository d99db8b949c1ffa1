/** Paths into JSON, in both forms. */
import {
  findJson,
  jqPathText,
  jsonPathText,
  leafPaths,
  parseJqPath,
  parseJsonPath,
} from '../../query/expression/json-path.js';
import { readJson, sameData, show } from './typed-value.js';
import { attempt, judge, type Vector, type VectorKind, type Verdict } from './vector.js';

interface PartJson {
  readonly kind: string;
  readonly id: string;
}

function parsePath(vector: Vector): Verdict {
  const text = vector['path'] as string;
  const outcome = attempt(() => (vector['syntax'] === 'jq' ? parseJqPath(text) : parseJsonPath(text)));
  return judge(vector, outcome, (path) => {
    const parts = (vector['parts'] as PartJson[]).map(({ kind, id }) => (kind === 'field' ? id : Number(id)));
    if (show(path) !== show(parts)) return `got ${show(path)}`;
    if (jsonPathText(path) !== vector['normalizedJsonPath']) return `written as ${jsonPathText(path)}`;
    if (jqPathText(path) !== vector['normalizedJqPath']) return `written as ${jqPathText(path)}`;
    const found = findJson(readJson(vector['doc'] as string), path);
    const wanted = vector['find'] as { readonly json: string } | null;
    return sameData(wanted === null ? null : readJson(wanted.json), found, 0)
      ? undefined
      : `found ${show(found)}`;
  });
}

/** The set of the paths: its order is the file's, not Druid's. */
function jsonPaths(vector: Vector): Verdict {
  const outcome = attempt(() => leafPaths(readJson(vector['doc'] as string), true).toSorted());
  return judge(vector, outcome, (paths) => {
    const wanted = (vector['leafPaths'] as string[]).toSorted();
    return show(paths) === show(wanted) ? undefined : `got ${show(paths)}`;
  });
}

export const pathVectors: Readonly<Record<string, VectorKind | undefined>> = { parsePath, jsonPaths };
