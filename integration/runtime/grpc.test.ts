/**
 * gRPC over real sockets: errors, deadlines, cancellation in both directions, back-pressure, tokens, lost and paused
 * peers.
 */
import net from 'node:net';
import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import { QueryService, TaskService, type grove } from '../../proto/services.js';
import { deadlineAfter, pause } from '../../runtime/deadline.js';
import { createGrpcClient, createGrpcServer, type GrpcClient, type GrpcServer } from '../../runtime/grpc.js';
import { createTransport } from '../../runtime/transport.js';
import type { CallContext, Transport, UnaryHandler } from '../../runtime/types.js';
import { patienceMs, until } from '../launch.js';
import { clock, freePort, log } from '../servers/nats.js';

type Beat = UnaryHandler<grove.task.v1.PeonBeat.$Properties, grove.task.v1.PeonBeatResult.$Properties>;
type Native = (
  request: grove.query.v1.NativeRequest.$Properties,
  context: CallContext,
) => AsyncIterable<grove.query.v1.QueryResponse.$Properties>;

const soon = (ms = patienceMs) => deadlineAfter(clock, ms);
const unused = async (): Promise<never> => {
  throw new CodedError('Unsupported', 'not in this test');
};
const tasks = (Beat: Beat) => ({
  Submit: unused,
  GetTask: unused,
  Action: unused,
  Beat,
  Done: unused,
  Report: unused,
});
// eslint-disable-next-line require-yield
async function* noRows(): AsyncGenerator<never> {
  throw new CodedError('Unsupported', 'not in this test');
}
const queries = (native: Native) => ({ Native: native, Sql: noRows, Cancel: unused });

async function failure(work: Promise<unknown>): Promise<CodedError> {
  try {
    await work;
  } catch (thrown) {
    if (thrown instanceof CodedError) return thrown;
    throw thrown;
  }
  throw new Error('nothing was thrown');
}
async function drain<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of stream) all.push(item);
  return all;
}
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

describe('grpc', function () {
  this.timeout(600_000);
  let server: GrpcServer;
  let client: GrpcClient;
  beforeEach(async () => {
    server = await createGrpcServer({ host: '127.0.0.1', port: 0, token: 'secret', clock, log });
    client = createGrpcClient({ address: server.address, token: 'secret', clock });
  });
  afterEach(async () => {
    client.close();
    await server.close();
  });

  it('carries requests, answers, metadata, trace and deadline', async () => {
    let context: CallContext | undefined;
    server.serve(
      TaskService,
      tasks(async (beat, seen) => {
        context = seen;
        return { known: beat.taskId === 't1', reason: `${beat.pid}` };
      }),
    );
    const answer = await client.unary(
      TaskService.Beat,
      { taskId: 't1', pid: 7 },
      {
        deadline: soon(30_000),
        trace: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        metadata: { 'x-who': 'me' },
      },
    );
    expect(answer.known).to.equal(true);
    expect(answer.reason).to.equal('7');
    expect(context?.trace).to.equal('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
    expect(context?.metadata['x-who']).to.equal('me');
    expect(context?.metadata).to.not.have.property('grove-token');
    expect(context?.deadline.remainingMs()).to.be.within(1, 30_000);
  });

  it('brings coded errors over whole, from unary calls and from the middle of a stream', async () => {
    const thrown = new CodedError('StaleEpoch', 'epoch[3] is older\nthan epoch[4] ✓ \ud800', {
      seen: 4,
      role: 'overlord',
    });
    server.serve(
      TaskService,
      tasks(async () => {
        throw thrown;
      }),
    );
    server.serve(
      QueryService,
      queries(async function* () {
        yield { rows: 'a' };
        throw thrown;
      }),
    );
    const check = (error: CodedError): void => {
      expect(error.code).to.equal('StaleEpoch');
      expect(error.message).to.equal('epoch[3] is older\nthan epoch[4] ✓ \ufffd');
      expect(error.context).to.deep.equal({ seen: 4, role: 'overlord' });
    };
    check(await failure(client.unary(TaskService.Beat, {}, { deadline: soon() })));
    const rows: string[] = [];
    const stream = client.stream(QueryService.Native, {}, { deadline: soon() });
    check(
      await failure(
        (async () => {
          for await (const part of stream) rows.push(part.rows ?? '');
        })(),
      ),
    );
    expect(rows).to.deep.equal(['a']);
  });

  it('refuses callers without the token, methods nobody serves, and taken ports', async () => {
    server.serve(
      TaskService,
      tasks(async () => ({ known: true })),
    );
    for (const token of [undefined, 'wrong', 'secre!']) {
      const stranger = createGrpcClient({ address: server.address, token, clock });
      expect((await failure(stranger.unary(TaskService.Beat, {}, { deadline: soon() }))).code).to.equal(
        'Unauthorized',
      );
      stranger.close();
    }
    expect(
      (await failure(drain(client.stream(QueryService.Native, {}, { deadline: soon() })))).code,
    ).to.equal('Unsupported');
    const port = Number(server.address.split(':')[1]);
    const error = await failure(createGrpcServer({ host: '127.0.0.1', port, token: undefined, clock, log }));
    expect(error.code).to.equal('Conflict');
    expect(error.message).to.include(String(port));
  });

  it('keeps scopes apart, and lets a stopped one be served again', async () => {
    const one = server.serve(
      TaskService,
      tasks(async () => ({ reason: 'one' })),
      { scope: 'one' },
    );
    server.serve(
      TaskService,
      tasks(async () => ({ reason: 'two' })),
      { scope: 'two' },
    );
    const ask = async (scope: string): Promise<string> => {
      const answer = await client.unary(TaskService.Beat, {}, { deadline: soon(), metadata: { scope } });
      return answer.reason ?? '';
    };
    expect([await ask('one'), await ask('two')]).to.deep.equal(['one', 'two']);
    one.stop();
    expect((await failure(ask('one'))).code).to.equal('Unavailable');
    server.serve(
      TaskService,
      tasks(async () => ({ reason: 'again' })),
      { scope: 'one' },
    );
    expect(await ask('one')).to.equal('again');
  });

  it('ends calls at the deadline on both sides', async () => {
    let serverSide = 0;
    server.serve(
      TaskService,
      tasks(async (_, context) => {
        await aborted(context.signal);
        serverSide = clock.monotonic();
        return new Promise(() => undefined);
      }),
    );
    const start = clock.monotonic();
    expect((await failure(client.unary(TaskService.Beat, {}, { deadline: soon(200) }))).code).to.equal(
      'Timeout',
    );
    expect(clock.monotonic() - start).to.be.at.least(180);
    await until('the end on the server', patienceMs, async () => (serverSide > 0 ? true : undefined));
    expect(serverSide - start).to.be.at.least(150);
    expect((await failure(client.unary(TaskService.Beat, {}, { deadline: soon(0) }))).code).to.equal(
      'Timeout',
    );
  });

  it('cancels the server long before the deadline when the client aborts, breaks or closes', async () => {
    let hasEnded = false;
    let reason: unknown;
    let begun = 0;
    let left = 0;
    server.serve(
      QueryService,
      queries(async function* (_, context) {
        begun++;
        try {
          yield { rows: 'first' };
          await aborted(context.signal);
          hasEnded = true;
          reason = context.signal.reason;
        } finally {
          left++;
        }
      }),
    );
    const begins = (count: number): Promise<true> =>
      until(`call ${count} on the server`, patienceMs, async () => (begun === count ? true : undefined));
    // At the deadline it would be Timeout.
    const ended = async (): Promise<void> => {
      await until('the end on the server', patienceMs, async () => (hasEnded ? true : undefined));
      expect((reason as CodedError).code).to.equal('Canceled');
      hasEnded = false;
    };
    // break
    for await (const part of client.stream(QueryService.Native, {}, { deadline: soon() })) {
      expect(part.rows).to.equal('first');
      break;
    }
    await ended();
    // return() while a next() is waiting
    const iterator = client.stream(QueryService.Native, {}, { deadline: soon() })[Symbol.asyncIterator]();
    await iterator.next();
    const waiting = iterator.next();
    await iterator.return?.();
    expect((await waiting).done).to.equal(true);
    await ended();
    // signal
    const controller = new AbortController();
    const work = drain(
      client.stream(QueryService.Native, {}, { deadline: soon(), signal: controller.signal }),
    );
    await begins(3);
    controller.abort(new CodedError('LimitExceeded', 'too many rows'));
    expect((await failure(work)).code).to.equal('LimitExceeded');
    await ended();
    // the client is gone
    const other = createGrpcClient({ address: server.address, token: 'secret', clock });
    const cut = failure(drain(other.stream(QueryService.Native, {}, { deadline: soon() })));
    await begins(4);
    await server.close();
    expect((await cut).code).to.be.oneOf(['Unavailable', 'Canceled']);
    expect(left).to.equal(4);
    other.close();
  });

  it('does not produce faster than the reader reads', async () => {
    let produced = 0;
    const rows = 'x'.repeat(100_000);
    server.serve(
      QueryService,
      queries(async function* () {
        for (; produced < 2_000; produced++) yield { rows };
      }),
    );
    let read = 0;
    for await (const part of client.stream(QueryService.Native, {}, { deadline: soon() })) {
      expect(part.rows?.length).to.equal(100_000);
      if (++read === 3) break;
      await pause(clock, 300);
    }
    log.info('back-pressure', { read, produced });
    expect(produced).to.be.below(200);
    produced = 0;
    const start = clock.monotonic();
    expect(await drain(client.stream(QueryService.Native, {}, { deadline: soon() }))).to.have.lengthOf(2_000);
    log.info('stream throughput', { mibPerSecond: Math.round(190_735 / (clock.monotonic() - start)) });
  });

  it('carries messages of 40 MiB and refuses more than 64', async () => {
    server.serve(
      QueryService,
      queries(async function* (request) {
        yield { rows: 'y'.repeat(Number(request.query)) };
      }),
    );
    const ask = (size: number) =>
      drain(client.stream(QueryService.Native, { query: String(size) }, { deadline: soon() }));
    expect((await ask(40 << 20))[0]?.rows?.length).to.equal(40 << 20);
    expect((await failure(ask(65 << 20))).code).to.equal('LimitExceeded');
  });

  it('fails fast when nobody listens, and notices a half-open connection', async () => {
    const port = await freePort();
    const nobody = createGrpcClient({ address: `127.0.0.1:${port}`, token: 'secret', clock });
    const error = await failure(nobody.unary(TaskService.Beat, {}, { deadline: soon() }));
    expect(error.code).to.equal('Unavailable');
    expect(error.context).to.deep.equal({ reached: false });
    nobody.close();

    // A wire between the two that can go silent without closing.
    let serverSide = 0;
    let begun = 0;
    server.serve(
      TaskService,
      tasks(async (_, context) => {
        begun++;
        await aborted(context.signal);
        serverSide = clock.monotonic();
        return new Promise(() => undefined);
      }),
    );
    let silent = false;
    const sockets: net.Socket[] = [];
    const proxy = net.createServer((near) => {
      const far = net.connect(Number(server.address.split(':')[1]), '127.0.0.1');
      sockets.push(near, far);
      near.on('data', (chunk) => void (silent || far.write(chunk))).on('error', () => undefined);
      far.on('data', (chunk) => void (silent || near.write(chunk))).on('error', () => undefined);
    });
    const proxyPort = await freePort();
    await new Promise<void>((resolve) => proxy.listen(proxyPort, '127.0.0.1', () => resolve()));
    const through = createGrpcClient({ address: `127.0.0.1:${proxyPort}`, token: 'secret', clock });
    const call = failure(through.unary(TaskService.Beat, {}, { deadline: soon() }));
    await until('the call on the server', patienceMs, async () => (begun === 1 ? true : undefined));
    silent = true;
    expect((await call).code).to.equal('Unavailable');
    await until('the end on the server', patienceMs, async () => (serverSide > 0 ? true : undefined));
    // A client that dies closes its socket, and the server knows.
    silent = false;
    serverSide = 0;
    const dying = failure(through.unary(TaskService.Beat, {}, { deadline: soon() }));
    await until('the call on the server', patienceMs, async () => (begun === 2 ? true : undefined));
    for (const socket of sockets) socket.destroy();
    await dying;
    await until('the end on the server', patienceMs, async () => (serverSide > 0 ? true : undefined));
    through.close();
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });

  it('transport: own address inline, others by gRPC, a restarted peer is reached at once', async () => {
    const inlineCalls: string[] = [];
    const inline = (address: string): Transport => ({
      address,
      serve: () => ({ stop: () => undefined }),
      client: () => {
        inlineCalls.push(address);
        return { unary: unused, stream: () => noRows() };
      },
      close: async () => undefined,
    });
    const make = (port = 0) =>
      createTransport({ host: '127.0.0.1', port, token: 'secret', inline, clock, log });
    const a = await make();
    let b = await make();
    const port = Number(b.address.split(':')[1]);
    b.serve(
      TaskService,
      tasks(async () => ({ reason: 'b' })),
    );
    const ask = (t: Transport, address: string) =>
      t.client(address).unary(TaskService.Beat, {}, { deadline: soon() });
    expect((await ask(a, b.address)).reason).to.equal('b');
    expect((await failure(ask(a, a.address))).code).to.equal('Unsupported');
    expect(inlineCalls).to.deep.equal([a.address]);
    await b.close();
    expect((await failure(ask(a, b.address))).code).to.equal('Unavailable');
    b = await make(port);
    b.serve(
      TaskService,
      tasks(async () => ({ reason: 'b again' })),
    );
    expect((await ask(a, b.address)).reason).to.equal('b again');
    await Promise.all([a.close(), b.close()]);
  });
});
