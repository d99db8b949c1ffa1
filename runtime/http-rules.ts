/**
 * Which HTTP requests are let in, and how refusals look. Pure; the server itself is http.ts.
 */
import { CodedError, asCoded } from '../proto/errors.js';

type HeaderMap = Readonly<Record<string, string>>;

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]']);

/** The name part of a Host header or URL host; undefined when it is none. */
function nameOf(host: string): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[^:/?#@\s[\]]+)(?::\d{1,5})?$/i.exec(host)?.[1]?.toLowerCase();
}

/**
 * Without authentication only the loopback names and the configured ones are answered (a page of another site could
 * otherwise reach us by a name of its own that resolves to 127.0.0.1), and nothing another site's page sends.
 * @returns why the request is refused, or undefined.
 */
export function refusal(headers: HeaderMap, hostsAllowed: readonly string[]): CodedError | undefined {
  const allowed = new Set(hostsAllowed.map((host) => host.toLowerCase()));
  const host = (headers['host'] ?? '').toLowerCase();
  const name = nameOf(host);
  if (name === undefined || !(loopbackNames.has(name) || allowed.has(name) || allowed.has(host))) {
    return new CodedError(
      'Forbidden',
      `Host[${host.slice(0, 200)}] is not answered here: use localhost, or add the name with --hosts-allowed`,
    );
  }
  if (headers['sec-fetch-site'] === 'cross-site') {
    return new CodedError(
      'Forbidden',
      'requests from pages of other sites are refused (Sec-Fetch-Site: cross-site)',
    );
  }
  const origin = headers['origin'];
  if (origin !== undefined && !isOwnOrigin(origin, host, allowed)) {
    return new CodedError(
      'Forbidden',
      `Origin[${origin.slice(0, 200)}] is foreign: requests of other sites are refused`,
    );
  }
  return undefined;
}

function isOwnOrigin(origin: string, host: string, allowed: ReadonlySet<string>): boolean {
  const from = /^https?:\/\/([^/]+)$/i.exec(origin)?.[1]?.toLowerCase();
  return from !== undefined && (from === host || allowed.has(from));
}

/** Druid's envelope, for what is refused before any role has seen it. */
export function errorEnvelope(thrown: unknown): { readonly status: number; readonly body: string } {
  const error = asCoded(thrown);
  const { http, druidCode, persona, category } = error.spec;
  const body = {
    error: 'druidException',
    errorCode: druidCode,
    persona,
    category,
    errorMessage: error.message,
    context: error.context,
  };
  return { status: http, body: JSON.stringify(body) };
}

export const securityHeaders: HeaderMap = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "frame-ancestors 'none'",
};

/** Does the Accept-Encoding header allow gzip? */
export function acceptsGzip(header: string | undefined): boolean {
  return (header ?? '').split(',').some((part) => {
    const [coding, ...parameters] = part.trim().toLowerCase().split(';');
    const weight = /^\s*q=([\d.]+)\s*$/.exec(parameters[0] ?? '')?.[1];
    return (coding === 'gzip' || coding === '*') && Number(weight ?? 1) > 0;
  });
}

/** Text of any kind; images and archives gain nothing. */
export function isCompressible(contentType: string): boolean {
  return /^(text\/|application\/(json|javascript|x-jackson-smile|xml))|\+json|\+xml/.test(contentType);
}
