/** http: files behind http and https URLs. */
import type { IncomingMessage } from 'node:http';
import { basename } from 'node:path';
import { CodedError } from '../../proto/errors.js';
import type { JsonKeys } from '../spec/keys.js';
import { allowList } from './address-guard.js';
import { checkUrl, httpGet, shown } from './http-fetch.js';
import type { InputEntity } from './input-entity.js';
import type { InputSource, SourceDeps, SourceKind } from './source.js';
import { checkSystemFields, systemFieldsOf, type SystemField } from './system-fields.js';
import { unpackedBytes } from './unpack.js';

const FIELD = 'spec.ioConfig.inputSource.uris';

interface HttpSpec {
  readonly uris: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  /** Credentials as in the spec, for sub-tasks. */
  readonly login: Readonly<Record<string, unknown>>;
  readonly systemFields: readonly SystemField[];
}

export const httpSource: SourceKind = {
  type: 'http',
  parse(keys: JsonKeys): InputSource {
    const uris = keys.texts('uris') ?? [];
    if (uris.length === 0) throw keys.wrong('uris', 'must hold at least one URL');
    for (const [i, uri] of uris.entries()) {
      if (!URL.canParse(uri)) throw keys.wrong(`uris[${i}]`, 'is no URL');
      checkUrl(new URL(uri), keys.at(`uris[${i}]`));
    }
    const login = checkLogin(keys);
    keys.refuse('requests have no headers of their own', 'requestHeaders');
    const spec: HttpSpec = { uris, ...login, systemFields: checkSystemFields(keys) };
    keys.leftovers();
    return {
      type: 'http',
      open: (deps) => Promise.resolve(spec.uris.map((uri) => entityOf(uri, spec, deps))),
    };
  },
};

/** Basic authentication; the password as text or `{"type":"default","password":…}`. */
function checkLogin(keys: JsonKeys): Pick<HttpSpec, 'headers' | 'login'> {
  const name = keys.optionalText('httpAuthenticationUsername');
  const given = keys.raw('httpAuthenticationPassword');
  let password: string | undefined;
  if (typeof given === 'string') password = given;
  else if (given !== undefined) {
    const provider = keys.object('httpAuthenticationPassword');
    const type = provider.text('type');
    // An environment variable of this process could be sent to any host that way.
    if (type !== 'default')
      throw provider.unsupported('type', `password providers of type[${type}] are not supported`);
    password = provider.text('password');
    provider.leftovers();
  }
  if ((name === undefined) !== (password === undefined)) {
    throw keys.wrong('httpAuthenticationUsername', 'and httpAuthenticationPassword belong together');
  }
  if (name === undefined || password === undefined) return { headers: {}, login: {} };
  const token = Buffer.from(`${name}:${password}`, 'utf8').toString('base64');
  return {
    headers: { authorization: `Basic ${token}` },
    login: { httpAuthenticationUsername: name, httpAuthenticationPassword: given },
  };
}

function entityOf(uri: string, spec: HttpSpec, deps: SourceDeps): InputEntity {
  const url = new URL(uri);
  const fields = systemFieldsOf(spec.systemFields, { __file_uri: uri, __file_path: url.pathname });
  const name = basename(url.pathname) || url.host;
  return {
    name,
    ...(fields !== undefined && { systemFields: fields }),
    alone: { type: 'http', uris: [uri], ...spec.login, systemFields: spec.systemFields },
    open: (signal) => read(url, name, spec, { ...deps, signal }),
  };
}

async function* read(url: URL, name: string, spec: HttpSpec, deps: SourceDeps): AsyncGenerator<Uint8Array> {
  const { signal, httpAllow } = deps;
  const answer = await httpGet({
    url,
    headers: spec.headers,
    allowed: allowList(httpAllow),
    field: FIELD,
    signal,
  });
  try {
    yield* unpackedBytes(whole(answer, url, signal), { name, field: FIELD, signal });
  } finally {
    answer.destroy();
  }
}

/** An answer that ends before its length is an error, not a shorter file. */
async function* whole(answer: IncomingMessage, url: URL, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const length = answer.headers['content-length'];
  let sizeBytes = 0;
  try {
    for await (const piece of answer as AsyncIterable<Buffer>) {
      sizeBytes += piece.length;
      yield piece;
    }
  } catch (thrown) {
    if (signal.aborted) throw new CodedError('Canceled', 'Stopped while reading');
    throw cut(url, thrown);
  }
  if (length !== undefined && Number(length) !== sizeBytes) throw cut(url, undefined);
}

function cut(url: URL, cause: unknown): CodedError {
  return new CodedError('Unavailable', `${FIELD}: url[${shown(url)}] broke off`, { field: FIELD }, cause);
}
