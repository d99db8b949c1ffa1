/**
 * The HTTP server of a process; the only file that imports fastify. It takes any path and hands raw bodies to one
 * handler: limits, time-outs, who may ask at all, compression and client disconnects are settled here.
 */
import { createGunzip, createGzip, constants, gzip, gzipSync } from 'node:zlib';
import { promisify } from 'node:util';
import type { Socket } from 'node:net';
import {
  fastify,
  type ConnectionError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { CodedError } from '../proto/errors.js';
import { gzipStored } from './gzip-stored.js';
import { acceptsGzip, errorEnvelope, isCompressible, refusal, securityHeaders } from './http-rules.js';
import { untilAborted } from './deadline.js';
import { pump } from './stream-pump.js';
import { makeTrace, parseTrace } from './trace.js';
import type { Clock, HttpOptions, HttpRequest, HttpResponse, HttpServer, Log, Random } from './types.js';

const HEADERS_MS = 10_000;
const REQUEST_MS = 120_000;
const KEEP_ALIVE_MS = 65_000;
const CHECK_MS = 1_000;
const CLOSE_GRACE_MS = 2_000;
const GZIP_FROM_BYTES = 32;
/** Up to here, one packet at most, packing saves nobody anything: the bytes go as they are into gzip's frame. */
const GZIP_PACKED_FROM_BYTES = 1_024;
/** Up to here packing at once is quicker than the way to another thread and back. */
const GZIP_AT_ONCE_BYTES = 8_192;
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH'] as const;
const answeredMethods: ReadonlySet<string> = new Set(methods);
const gzipped = promisify(gzip);

export interface HttpStartOptions extends HttpOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Makes trace ids for requests that bring none. */
  readonly random: Random;
  /** How long the header lines may take. Default 10,000. */
  readonly headersMs?: number;
  /** How long a whole request, body included, may take to arrive. Default 120,000. */
  readonly requestMs?: number;
}

/** @throws CodedError Conflict when the port is taken. */
export async function startHttp(options: HttpStartOptions): Promise<HttpServer> {
  const app = fastify({
    logger: false,
    bodyLimit: options.bodyBytesMax,
    requestTimeout: options.requestMs ?? REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    return503OnClosing: true,
    http: { connectionsCheckingInterval: CHECK_MS, headersTimeout: options.headersMs ?? HEADERS_MS },
    clientErrorHandler: refuseUnreadable,
    frameworkErrors: (error, _request, reply) => void sendError(reply, badRequest(error)),
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error, _request, reply) => sendError(reply, badRequest(error, options.bodyBytesMax)));
  app.setNotFoundHandler((request, reply) =>
    sendError(reply, new CodedError('NotFound', `${request.method} is not answered here`)),
  );
  app.addHook('onRequest', (request, reply, next) => {
    // Asked by no client of ours; a browser's preflight needs no more than this answer either.
    if (!answeredMethods.has(request.method)) {
      void reply.code(405).headers(securityHeaders).send();
      return;
    }
    const refused = twoHosts(request.raw.rawHeaders) ?? refusal(headersOf(request), options.hostsAllowed);
    if (refused === undefined) next();
    else void sendError(reply, refused);
  });
  app.route({
    method: [...methods],
    url: '/*',
    handler: (request, reply) => answer(request, reply, options),
  });
  await listen(app, options);
  const bound = app.server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : options.port;
  return {
    address: `${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    close: async () => {
      const force = (): void => app.server.closeAllConnections();
      const timer = options.clock.setTimer(CLOSE_GRACE_MS, force, true);
      await app.close();
      timer.cancel();
    },
  };
}

/** What is no HTTP, or stays away too long, never becomes a request: its answer is written by hand. */
function refuseUnreadable(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [line, reason] =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? ['408 Request Timeout', 'it did not arrive in time']
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? ['431 Request Header Fields Too Large', 'its header is too long']
        : ['400 Bad Request', 'it is not valid HTTP'];
  const { body } = errorEnvelope(new CodedError('InvalidInput', `the request can't be read: ${reason}`));
  const head = `HTTP/1.1 ${line}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}`;
  socket.end(`${head}\r\nconnection: close\r\n\r\n${body}`);
}

async function listen(app: FastifyInstance, options: HttpStartOptions): Promise<void> {
  const { host, port } = options;
  try {
    await app.listen({ host, port });
  } catch (thrown) {
    const error = thrown as NodeJS.ErrnoException;
    const taken = error.code === 'EADDRINUSE';
    const text = taken
      ? `port[${port}] on ${host} is taken by another program: stop it, or choose another port with --http-port`
      : `port[${port}] on ${host} can't be opened: ${error.message}`;
    throw new CodedError(taken ? 'Conflict' : 'Unavailable', text, { port }, thrown);
  }
}

/** What fastify found wrong before our handler ran. */
function badRequest(thrown: unknown, bodyBytesMax = 0): CodedError {
  if (thrown instanceof CodedError) return thrown;
  const { statusCode, message } = thrown as { statusCode?: number; message?: string };
  if (statusCode === 413) return new TooLarge(bodyBytesMax);
  if (statusCode !== undefined && statusCode < 500) {
    return new CodedError('InvalidInput', `the request can't be read: ${message ?? 'it is malformed'}`);
  }
  return new CodedError('Bug', message ?? String(thrown), {}, thrown);
}

/** 413 rather than the table's 400: HTTP has a word for it. */
class TooLarge extends CodedError {
  constructor(bodyBytesMax: number) {
    super('LimitExceeded', `the request body is larger than bodyBytesMax[${bodyBytesMax}]`);
  }
}

function sendError(reply: FastifyReply, thrown: unknown): FastifyReply {
  const { status, body } = errorEnvelope(thrown);
  const code = thrown instanceof TooLarge ? 413 : status;
  return reply
    .code(code)
    .headers({ ...securityHeaders, 'content-type': 'application/json' })
    .send(body);
}

/** Node takes the first of several; a proxy before us may have judged by another. */
function twoHosts(rawHeaders: readonly string[]): CodedError | undefined {
  const hosts = rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'host');
  return hosts.length > 1 ? new CodedError('InvalidInput', 'Host is given more than once') : undefined;
}

function headersOf(request: FastifyRequest): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  options: HttpStartOptions,
): Promise<FastifyReply> {
  const controller = new AbortController();
  const { raw } = reply;
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort(new CodedError('Canceled', 'the HTTP client has gone'));
  });
  const headers = headersOf(request);
  try {
    const incoming: HttpRequest = {
      method: request.method,
      ...target(request.url),
      headers,
      body: await bodyOf(request, headers, options.bodyBytesMax),
      remoteAddress: request.socket.remoteAddress ?? '',
      signal: controller.signal,
      trace: traceOf(headers, options.random),
    };
    const response = await options.handler(incoming);
    return await send(reply, response, headers, controller.signal, options.log);
  } catch (thrown) {
    if (reply.sent || raw.headersSent) {
      raw.destroy();
      return reply;
    }
    const { status } = errorEnvelope(thrown);
    if (status >= 500 && !controller.signal.aborted) {
      options.log.error('an HTTP request failed', {
        path: request.url.slice(0, 300),
        reason: String(thrown),
      });
    }
    return sendError(reply, thrown);
  }
}

function traceOf(headers: Readonly<Record<string, string>>, random: Random): string {
  const brought = headers['traceparent'];
  return brought !== undefined && parseTrace(brought) !== undefined ? brought : makeTrace(random);
}

function target(url: string): { path: string; query: (readonly [string, string])[] } {
  const mark = url.indexOf('?');
  const rawPath = mark < 0 ? url : url.slice(0, mark);
  try {
    const path = decodeURIComponent(rawPath);
    const query = [...new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1))];
    return { path, query };
  } catch {
    throw new CodedError('InvalidInput', 'the path is not valid percent-encoded UTF-8', { field: 'path' });
  }
}

async function bodyOf(
  request: FastifyRequest,
  headers: Readonly<Record<string, string>>,
  bodyBytesMax: number,
): Promise<Uint8Array> {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const coding = (headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (coding === 'identity' || body.length === 0) return body;
  if (coding !== 'gzip' && coding !== 'x-gzip') {
    throw new CodedError(
      'InvalidInput',
      `Content-Encoding[${coding.slice(0, 50)}] is not supported: send gzip or none`,
    );
  }
  // Unpacked piece by piece and left as soon as it is too much: a small body may hold gigabytes.
  const unzip = createGunzip();
  unzip.end(body);
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of unzip) {
      const chunk = part as Buffer;
      size += chunk.length;
      if (size > bodyBytesMax) throw new TooLarge(bodyBytesMax);
      parts.push(chunk);
    }
  } catch (thrown) {
    if (thrown instanceof CodedError) throw thrown;
    throw new CodedError('InvalidInput', 'the request body is not valid gzip', {}, thrown);
  }
  return Buffer.concat(parts, size);
}

async function send(
  reply: FastifyReply,
  response: HttpResponse,
  asked: Readonly<Record<string, string>>,
  signal: AbortSignal,
  log: Log,
): Promise<FastifyReply> {
  const headers: Record<string, string> = { ...securityHeaders };
  // As Druid: the answer to a POST is no page.
  if (reply.request.method === 'POST') delete headers['content-security-policy'];
  if (response.contentType !== undefined) headers['content-type'] = response.contentType;
  for (const [name, value] of Object.entries(response.headers ?? {})) headers[name.toLowerCase()] = value;
  const mayZip =
    isCompressible(headers['content-type'] ?? '') &&
    headers['content-encoding'] === undefined &&
    ![204, 304].includes(response.status);
  if (mayZip) headers['vary'] = 'Accept-Encoding';
  const zip = mayZip && acceptsGzip(asked['accept-encoding']);
  const { body } = response;
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) {
    await sendStream(reply, { status: response.status, headers, body, zip }, signal, log);
    return reply;
  }
  let bytes =
    typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (zip && bytes.length >= GZIP_FROM_BYTES) {
    bytes = await zipped(bytes);
    headers['content-encoding'] = 'gzip';
  }
  return reply.code(response.status).headers(headers).send(bytes);
}

async function zipped(bytes: Buffer): Promise<Buffer> {
  if (bytes.length <= GZIP_PACKED_FROM_BYTES) return gzipStored(bytes);
  return bytes.length <= GZIP_AT_ONCE_BYTES ? gzipSync(bytes, { level: 1 }) : gzipped(bytes, { level: 1 });
}

/** The status line waits for the first piece: a query that fails at once still gets its error answer. */
async function sendStream(
  reply: FastifyReply,
  response: {
    status: number;
    headers: Record<string, string>;
    body: AsyncIterable<Uint8Array>;
    zip: boolean;
  },
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  const { raw } = reply;
  const source = response.body[Symbol.asyncIterator]();
  const first = await untilAborted(Promise.resolve(source.next()), signal, 'HTTP response');
  reply.hijack();
  const { status, headers } = response;
  raw.writeHead(status, response.zip ? { ...headers, 'content-encoding': 'gzip' } : headers);
  const rest: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => {
      let given = false;
      return {
        next: async () => {
          if (given) return source.next();
          given = true;
          return first;
        },
        return: async () => source.return?.() ?? { done: true, value: undefined },
      };
    },
  };
  const sink = response.zip ? createGzip({ level: 1, flush: constants.Z_SYNC_FLUSH }) : raw;
  if (sink !== raw) sink.pipe(raw);
  raw.once('error', () => undefined);
  try {
    await pump(rest, sink, (chunk) => chunk, signal, 'HTTP response');
    sink.end();
  } catch (thrown) {
    // Cut, so that the client can't take the part for the whole.
    if (!signal.aborted) log.warn('an HTTP response was cut', { reason: String(thrown) });
    raw.destroy();
  }
}
