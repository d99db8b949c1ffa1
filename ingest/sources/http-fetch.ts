/**
 * GET over http and https for input sources. The name is resolved once, every address it stands for is judged, and the
 * connection goes to the address that was judged, so that a name which changes its meaning in between gains nothing.
 * Redirects are followed by the same rules.
 */
import { lookup } from 'node:dns/promises';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { CodedError } from '../../proto/errors.js';
import { bare, chooseAddress, type AllowList } from './address-guard.js';

const REDIRECTS_MAX = 5;
const SILENCE_MS_MAX = 60_000;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export interface HttpRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly allowed: AllowList;
  /** For errors. */
  readonly field: string;
  readonly signal: AbortSignal;
}

/** All addresses of a name; replaced in tests. */
export type Resolve = (host: string) => Promise<readonly string[]>;

const resolveByDns: Resolve = async (host) => {
  const found = await lookup(host, { all: true, verbatim: true });
  return found.map(({ address }) => address);
};

/**
 * The answer with status 200. Throws InvalidInput (a scheme or host that is not allowed, 4xx), Unavailable (no
 * connection, 5xx, 429), Canceled. Messages name the URL without its query.
 */
export async function httpGet(
  request: HttpRequest,
  resolve: Resolve = resolveByDns,
): Promise<IncomingMessage> {
  let { url } = request;
  let { headers } = request;
  for (let hops = 0; hops <= REDIRECTS_MAX; hops++) {
    const answer = await getOnce({ ...request, url, headers }, resolve);
    const { statusCode = 0 } = answer;
    if (statusCode === 200) return answer;
    answer.destroy();
    const { location } = answer.headers;
    if (!redirects.has(statusCode) || location === undefined) throw refused(request, url, statusCode);
    const next = nextUrl(location, url, request.field);
    // Credentials are for the host they were given for.
    if (next.origin !== url.origin) headers = {};
    url = next;
  }
  throw new CodedError(
    'InvalidInput',
    `${request.field}: url[${shown(request.url)}] is redirected too often`,
    {
      field: request.field,
    },
  );
}

function refused({ field }: HttpRequest, url: URL, status: number): CodedError {
  const isPassing = status >= 500 || status === 429 || status === 408;
  const code = isPassing ? 'Unavailable' : 'InvalidInput';
  return new CodedError(code, `${field}: url[${shown(url)}] answered with status[${status}]`, { field });
}

function nextUrl(location: string, from: URL, field: string): URL {
  const next = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  if (next === undefined) {
    throw new CodedError('InvalidInput', `${field}: url[${shown(from)}] is redirected to no URL`, { field });
  }
  return checkUrl(next, field);
}

/** http and https only, without credentials inside. Throws InvalidInput. */
export function checkUrl(url: URL, field: string): URL {
  const isPlain = url.username === '' && url.password === '' && url.hostname !== '';
  if (isPlain && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
  throw new CodedError(
    'InvalidInput',
    `${field}: only http and https URLs without credentials in them can be read: scheme[${url.protocol.slice(0, -1)}]`,
    { field },
  );
}

/** Queries may hold secrets. */
export function shown(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

async function getOnce(request: HttpRequest, resolve: Resolve): Promise<IncomingMessage> {
  const { url, headers, allowed, field, signal } = request;
  checkUrl(url, field);
  const host = bare(url.hostname);
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const unreachable = (cause?: unknown): CodedError =>
    signal.aborted
      ? new CodedError('Canceled', 'Stopped while reading')
      : new CodedError('Unavailable', `${field}: url[${shown(url)}] can't be reached`, { field }, cause);
  const addresses =
    isIP(host) === 0
      ? await resolve(host).catch((cause: unknown) => Promise.reject(unreachable(cause)))
      : [host];
  const address = chooseAddress({ host, port }, addresses, allowed, field);
  const pinned: LookupFunction = (_name, options, done) => {
    const family = isIP(address);
    if (options.all === true) done(null, [{ address, family }]);
    else done(null, address, family);
  };
  const options = {
    headers: { 'accept-encoding': 'identity', ...headers },
    lookup: pinned,
    signal,
    timeout: SILENCE_MS_MAX,
    // A connection of an earlier request may lead to an address judged under another name.
    agent: false as const,
  };
  return await new Promise<IncomingMessage>((done, fail) => {
    const call = (url.protocol === 'https:' ? https : http).get(url, options, done);
    call.on('timeout', () => call.destroy(new Error('silent')));
    call.on('error', (cause) => fail(unreachable(cause)));
  });
}
