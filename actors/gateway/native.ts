/** Native queries through the gateway's two doors: HTTP and gRPC. */
import { asCoded, CodedError, fromErrorInfo } from '../../proto/errors.js';
import { BrokerService, QueryService, type grove } from '../../proto/services.js';
import { readSmile } from '../../query/json/smile-read.js';
import { SmileWriter } from '../../query/json/smile-write.js';
import { jsonText } from '../../query/json/write.js';
import { errorEnvelope } from '../../query/native/errors.js';
import type { CallContext, Handlers, HttpRequest, HttpResponse, Node } from '../../runtime/types.js';
import { answerType, contentOf } from './routes.js';

type BrokerPart = grove.query.v1.BrokerPart.$Properties;
type ResponseHead = grove.query.v1.ResponseHead.$Properties;

const JSON_TYPE = 'application/json';
const SMILE_TYPE = 'application/x-jackson-smile';
/** The broker applies the query's own time-out; this only bounds a broker that says nothing. */
const callMs = 2 ** 31 - 1;
const cancelMs = 5_000;
const FRAMES = 1;
const ROWS = 0;

/** A running broker, the least loaded first. */
export function chooseBroker(node: Pick<Node, 'presence'>): string {
  let best: { readonly address: string; readonly load: number } | undefined;
  for (const info of node.presence.nodes('broker')) {
    const role = info.roles.find((one) => one.role === 'broker');
    if (role?.state !== 'RUNNING' || info.suspect) continue;
    if (best === undefined || role.load < best.load) best = { address: info.grpcAddress, load: role.load };
  }
  if (best === undefined) throw new CodedError('Unavailable', 'No broker is ready to answer queries');
  return best.address;
}

export async function answerNative(node: Node, request: HttpRequest): Promise<HttpResponse> {
  const content = contentOf(request.headers['content-type']);
  if (content === 'other') return { status: 415, body: '' };
  const wanted = answerType(request.headers['accept'], content);
  if (wanted === undefined) return { status: 406, body: '' };
  const answer = await answerJson(node, request, content === 'smile', wanted === 'json');
  return wanted === 'smile' ? asSmile(answer) : answer;
}

async function answerJson(
  node: Node,
  request: HttpRequest,
  isSmile: boolean,
  mayBePretty: boolean,
): Promise<HttpResponse> {
  const { body } = request;
  try {
    const query = {
      queryJson: isSmile
        ? jsonText(readSmile(body))
        : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'),
      pretty: mayBePretty && request.query.some(([name]) => name === 'pretty'),
      ifNoneMatch: request.headers['if-none-match'] ?? '',
      format: ROWS,
    };
    const parts = node.transport
      .client(chooseBroker(node))
      .stream(BrokerService.Native, query, {
        deadline: node.deadline(callMs),
        signal: request.signal,
        trace: request.trace,
      })
      [Symbol.asyncIterator]();
    return await answerFrom(parts);
  } catch (thrown) {
    const { status, body: text } = errorEnvelope(asCoded(thrown));
    return { status, contentType: JSON_TYPE, body: text };
  }
}

/** An answer in JSON as Smile, written on as it comes. */
function asSmile(answer: HttpResponse): HttpResponse {
  const { body } = answer;
  if (body === '') return answer;
  const writer = new SmileWriter();
  if (typeof body === 'string' || body instanceof Uint8Array) {
    const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : body;
    return { ...answer, contentType: SMILE_TYPE, body: Buffer.concat([writer.push(bytes), writer.end()]) };
  }
  const pieces = async function* pieces(): AsyncGenerator<Uint8Array> {
    for await (const piece of body) yield writer.push(piece);
    yield writer.end();
  };
  return { ...answer, contentType: SMILE_TYPE, body: pieces() };
}

async function answerFrom(parts: AsyncIterator<BrokerPart>): Promise<HttpResponse> {
  const first = await parts.next();
  if (first.done === true) throw new CodedError('Unavailable', 'The broker ended without an answer');
  const head = first.value.head ?? {};
  const headers = headersOf(head);
  const status = head.status ?? 200;
  if ((head.errorBody ?? '') !== '') {
    await parts.return?.();
    return { status, contentType: JSON_TYPE, headers, body: head.errorBody ?? '' };
  }
  if (head.notModified === true) {
    await parts.return?.();
    return { status: 304, contentType: JSON_TYPE, headers, body: '' };
  }
  const rows = first.value.rows ?? new Uint8Array();
  const second = await parts.next();
  // Most answers are one piece: sent whole, with their length.
  if (second.done === true) return { status, contentType: JSON_TYPE, headers, body: rows };
  return { status, contentType: JSON_TYPE, headers, body: joined(rows, second.value, parts) };
}

async function* joined(
  first: Uint8Array,
  second: BrokerPart,
  parts: AsyncIterator<BrokerPart>,
): AsyncGenerator<Uint8Array> {
  try {
    yield first;
    yield rowsOf(second);
    for (let next = await parts.next(); next.done !== true; next = await parts.next())
      yield rowsOf(next.value);
  } finally {
    // A client that has gone stops the query.
    await parts.return?.();
  }
}

function rowsOf(part: BrokerPart): Uint8Array {
  if (part.error !== null && part.error !== undefined) throw fromErrorInfo(part.error);
  return part.rows ?? new Uint8Array();
}

function headersOf(head: ResponseHead): Record<string, string> {
  const headers: Record<string, string> = {};
  if ((head.queryId ?? '') !== '') headers['x-druid-query-id'] = headerText(head.queryId ?? '');
  if ((head.etag ?? '') !== '') headers['etag'] = head.etag ?? '';
  if ((head.responseContext ?? '') !== '')
    headers['x-druid-response-context'] = headerText(head.responseContext ?? '');
  return headers;
}

/** A client chooses its query id: what can't stand in a header is left out. */
const headerText = (text: string): string => text.replace(/[^\x20-\x7e]/g, '');

/** Druid answers 202 whether the query is known or not. */
export async function cancelNative(node: Node, queryId: string): Promise<boolean> {
  const deadline = node.deadline(cancelMs);
  const answers = await Promise.allSettled(
    node.presence
      .nodes('broker')
      .map((info) =>
        node.transport.client(info.grpcAddress).unary(BrokerService.Cancel, { queryId }, { deadline }),
      ),
  );
  return answers.some((answer) => answer.status === 'fulfilled' && answer.value.known === true);
}

/** The public gRPC service. */
export function queryServiceHandlers(node: Node): Handlers<typeof QueryService> {
  return {
    Native: (request, context) => streamNative(node, request, context),
    Sql: () => ({
      [Symbol.asyncIterator]: () => ({
        next: () =>
          Promise.reject(new CodedError('Unsupported', 'SQL is not built yet: send a native query')),
      }),
    }),
    Cancel: async (request) => ({ known: await cancelNative(node, request.queryId ?? '') }),
  };
}

async function* streamNative(
  node: Node,
  request: grove.query.v1.NativeRequest.$Properties,
  context: CallContext,
): AsyncGenerator<grove.query.v1.QueryResponse.$Properties> {
  const isFrames = request.format === FRAMES;
  const query = { queryJson: request.query ?? '', format: isFrames ? FRAMES : ROWS };
  const options = { deadline: context.deadline, signal: context.signal, trace: context.trace };
  const text = new TextDecoder();
  for await (const part of node.transport
    .client(chooseBroker(node))
    .stream(BrokerService.Native, query, options)) {
    if (part.error !== null && part.error !== undefined) throw fromErrorInfo(part.error);
    if (part.frame !== null && part.frame !== undefined) yield { frame: part.frame };
    // A chunk may end inside a character; a message must not.
    else if (part.rows !== null && part.rows !== undefined && part.rows.length > 0) {
      const rows = text.decode(part.rows, { stream: true });
      if (rows !== '') yield { rows };
    }
  }
}
