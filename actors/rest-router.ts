/**
 * REST routes as data: method and path pattern → handler. Paths come decoded and without the query string; a trailing
 * slash is the same path. What no pattern fits is 404, a path of another method 405 with Druid's `Allow`; both without
 * a body.
 */
import { asCoded, CodedError, invalidInput } from '../proto/errors.js';
import { checkNesting } from './json-nesting.js';
import type { grove } from '../proto/services.js';
import { plain } from '../query/native/errors.js';
import type { CallContext } from '../runtime/types.js';

type RestRequest = grove.cluster.v1.RestRequest.$Properties;
type RestResponse = grove.cluster.v1.RestResponse.$Properties;

export type RestMethod = 'GET' | 'POST' | 'DELETE' | 'PUT';

export interface RestCall {
  /** Values of the pattern's `{name}` parts. */
  readonly params: Readonly<Record<string, string>>;
  /** The first value of a query parameter; '' when it stands there without one. */
  query(name: string): string | undefined;
  queryAll(name: string): readonly string[];
  has(name: string): boolean;
  header(name: string): string | undefined;
  readonly body: Uint8Array;
  /** The body as JSON. Throws InvalidInput. */
  json(): unknown;
  readonly principal: string;
  readonly context: CallContext;
}

/** `json` is answered as application/json; `text` as `type` (default text/plain); neither = no body, no type. */
export interface RestAnswer {
  readonly status: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}
export interface RestRoute {
  readonly method: RestMethod;
  readonly path: string;
  readonly handle: (call: RestCall) => RestAnswer | Promise<RestAnswer>;
}

const JSON_TYPE = 'application/json';

export const answerJson = (json: unknown, status = 200): RestAnswer => ({ status, json });
/** Druid declares these empty answers as JSON. */
export const emptyJson = (status: number): RestAnswer => ({ status, type: JSON_TYPE });
/** Druid's older form: `{"error": text}`. */
export const answerError = (message: string, status = 400): RestAnswer => ({
  status,
  json: { error: message },
});
/** Bare text that Druid declares as JSON. */
export const bareText = (text: string, status = 200): RestAnswer => ({ status, text, type: JSON_TYPE });

interface Compiled {
  readonly parts: readonly string[];
  readonly byMethod: Map<RestMethod, RestRoute['handle']>;
}

export class RestRouter {
  readonly #patterns: Compiled[] = [];

  constructor(routes: readonly RestRoute[]) {
    const byPath = new Map<string, Compiled>();
    for (const { path, method, handle } of routes) {
      let compiled = byPath.get(path);
      if (compiled === undefined) {
        compiled = { parts: split(path), byMethod: new Map() };
        byPath.set(path, compiled);
        this.#patterns.push(compiled);
      }
      compiled.byMethod.set(method, handle);
    }
    // Literal parts win over parameters, part by part.
    this.#patterns.sort((a, b) => (rankOf(a.parts) < rankOf(b.parts) ? -1 : 1));
  }

  async call(request: RestRequest, context: CallContext): Promise<RestResponse> {
    const parts = split(request.path ?? '');
    for (const pattern of this.#patterns) {
      const params = match(pattern.parts, parts);
      if (params === undefined) continue;
      const handle = pattern.byMethod.get((request.method ?? '') as RestMethod);
      if (handle === undefined) {
        return { status: 405, headers: [{ key: 'allow', value: allowOf([...pattern.byMethod.keys()]) }] };
      }
      try {
        return encode(await handle(callOf(request, params, context)));
      } catch (error) {
        return failed(asCoded(error));
      }
    }
    return { status: 404 };
  }
}

const split = (path: string): string[] => path.replace(/\/+$/, '').split('/').slice(1);
const isParameter = (part: string): boolean => part.startsWith('{');
const rankOf = (parts: readonly string[]): string =>
  parts.map((part) => (isParameter(part) ? '1' : '0')).join('');

function match(pattern: readonly string[], parts: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== parts.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, wanted] of pattern.entries()) {
    const given = parts[i] ?? '';
    if (isParameter(wanted)) params[wanted.slice(1, -1)] = given;
    else if (wanted !== given) return undefined;
  }
  return params;
}

/** In the order Druid's servers list them. */
export function allowOf(methods: readonly string[]): string {
  const names = methods.includes('GET') ? ['HEAD'] : [];
  for (const name of ['DELETE', 'PUT', 'POST', 'GET']) if (methods.includes(name)) names.push(name);
  return [...names, 'OPTIONS'].join(',');
}

function callOf(request: RestRequest, params: Record<string, string>, context: CallContext): RestCall {
  const pairs = (request.query ?? []).map((pair) => [pair.key ?? '', pair.value ?? ''] as const);
  const headers = new Map((request.headers ?? []).map((pair) => [pair.key ?? '', pair.value ?? '']));
  const body = request.body ?? new Uint8Array();
  return {
    params,
    query: (name) => pairs.find(([key]) => key === name)?.[1],
    queryAll: (name) => pairs.filter(([key]) => key === name).map(([, value]) => value),
    has: (name) => pairs.some(([key]) => key === name),
    header: (name) => headers.get(name),
    body,
    json: () => {
      const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
      checkNesting(text, 'body');
      try {
        return JSON.parse(text) as unknown;
      } catch (error) {
        throw invalidInput(
          error instanceof Error ? `The body is not JSON: ${error.message}` : 'The body is not JSON',
          'body',
        );
      }
    },
    principal: request.principal ?? '',
    context,
  };
}

function encode(answer: RestAnswer): RestResponse {
  const headers = Object.entries(answer.headers ?? {}).map(([key, value]) => ({ key, value }));
  const { status } = answer;
  if (answer.json !== undefined) {
    return { status, contentType: JSON_TYPE, headers, body: Buffer.from(JSON.stringify(answer.json)) };
  }
  if (answer.text !== undefined) {
    return { status, contentType: answer.type ?? 'text/plain', headers, body: Buffer.from(answer.text) };
  }
  return { status, contentType: answer.type ?? '', headers };
}

function failed(error: CodedError): RestResponse {
  const { status, body } = plain(error);
  return { status, contentType: JSON_TYPE, body: Buffer.from(body) };
}

/** `2024-01-01_2024-01-02` in paths and parameters stands for an interval with a slash. */
export const intervalText = (text: string): string => text.replace('_', '/');
