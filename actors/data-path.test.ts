/** The data's way with everything but the bytes; see data-path-world.ts. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { CodedError } from '../proto/errors.js';
import { BrokerService, QueryService } from '../proto/services.js';
import { readSmile } from '../query/json/smile-read.js';
import { writeSmile } from '../query/json/smile-write.js';
import { eventLoopTurn } from '../runtime/clock.js';
import { createGateway } from './gateway/actor.js';
import { segmentRow, timeseries, world, sumOf, type World, type Answer } from './data-path-world.js';

describe('data path', () => {
  let cacheDir: string;
  let grove: World;

  beforeEach(async () => {
    cacheDir = await mkdtemp(path.join(os.tmpdir(), 'grove-data-path-'));
    grove = await world(cacheDir);
    await grove.until('healthy', () => grove.healthy());
  });
  afterEach(async () => {
    await grove.stop();
    await rm(cacheDir, { recursive: true, force: true });
  });
  const sumBecomes = (value: number | null): Promise<void> =>
    grove.until(`sum ${value}`, async () => {
      const answer = await grove.ask('POST', '/druid/v2', timeseries());
      return answer.status === 200 && sumOf(answer) === value;
    });

  it('publishes, loads and answers', async () => {
    expect(sumOf(await grove.ask('POST', '/druid/v2', timeseries()))).to.equal(null);
    grove.metadata.add(
      segmentRow('2024-01-01/2024-01-02', 'v1', 3),
      segmentRow('2024-01-02/2024-01-03', 'v1', 4),
    );
    await sumBecomes(7);
    expect(grove.metadata.queryable.size).to.equal(2);
    const status = await grove.ask('GET', '/druid/coordinator/v1/loadstatus');
    expect(status.json).to.deep.equal({ ds: 100 });
    expect((await grove.ask('GET', '/druid/v2/datasources')).json).to.deep.equal(['ds']);
    const part = await grove.ask('POST', '/druid/v2', timeseries('2024-01-02/2024-01-03'));
    expect(sumOf(part)).to.equal(4);
  });

  it('a newer version takes over only when it is loaded; what is unused goes from disk', async () => {
    grove.metadata.add(segmentRow('2024-01-01/2024-01-02', 'v1', 3));
    await sumBecomes(3);
    const sums = new Set<unknown>();
    grove.metadata.add(segmentRow('2024-01-01/2024-01-02', 'v2', 50));
    await grove.until('the new version', async () => {
      const answer = await grove.ask('POST', '/druid/v2', timeseries());
      sums.add(answer.status === 200 ? sumOf(answer) : answer.text);
      return sumOf(answer) === 50;
    });
    expect([...sums]).to.deep.equal([3, 50]);
    await grove.until('the old one dropped', async () => {
      const { json } = await grove.ask('GET', '/druid/coordinator/v1/servers?full');
      return Object.keys((json as { segments: object }[])[0]?.segments ?? {}).length === 1;
    });
    const gone = await grove.ask('DELETE', '/druid/coordinator/v1/datasources/ds');
    expect(gone.json).to.deep.equal({ numChangedSegments: 2, segmentStateChanged: true });
    await sumBecomes(null);
  });

  it('serves its cache again after a restart without pulling', async () => {
    grove.metadata.add(segmentRow('2024-01-01/2024-01-02', 'v1', 3));
    await sumBecomes(3);
    const before = grove.metadata;
    await grove.stop();
    grove = await world(cacheDir);
    for (const row of before.rows.values()) grove.metadata.add(row);
    for (const id of before.queryable) grove.metadata.queryable.add(id);
    await grove.until('healthy', () => grove.healthy());
    await sumBecomes(3);
    expect(grove.pulled).to.deep.equal([]);
  });

  it('a store restored from a backup does not brick the cluster: the epoch goes past what nodes have seen', async () => {
    grove.metadata.add(segmentRow('2024-01-01/2024-01-02', 'v1', 3));
    await sumBecomes(3);
    await grove.stop();
    grove = await world(cacheDir, 2);
    grove.metadata.add(
      segmentRow('2024-01-01/2024-01-02', 'v1', 3),
      segmentRow('2024-01-02/2024-01-03', 'v1', 4),
    );
    await grove.until('healthy', () => grove.healthy());
    await sumBecomes(7);
    const leader = grove.node.presence.self.roles.find((one) => one.role === 'coordinator');
    expect(leader?.leaderEpoch).to.equal(8);
  });

  it('an expected segment that nobody serves is an error that names it, or listed when allowed', async () => {
    const row = segmentRow('2024-01-01/2024-01-02', 'v1', 3);
    // Loaded once somewhere, too large for the node that is here.
    grove.metadata.add({ ...row, payload: row.payload.replace('"size":10', '"size":5000') });
    grove.metadata.queryable.add(row.id);
    await grove.until(
      'expected',
      async () => (await grove.ask('POST', '/druid/v2', timeseries())).status === 503,
    );
    const refused = await grove.ask('POST', '/druid/v2', timeseries());
    expect(refused.json).to.deep.include({ error: 'druidException', category: 'RUNTIME_FAILURE' });
    expect((refused.json as { context: unknown }).context).to.deep.include({ dataSource: 'ds', count: '1' });
    const allowed = await grove.ask(
      'POST',
      '/druid/v2',
      timeseries(undefined, { allowPartialResults: true }),
    );
    expect(allowed.status).to.equal(200);
    const listed = {
      missingSegments: [{ itvl: '2024-01-01T00:00:00.000Z/2024-01-02T00:00:00.000Z', ver: 'v1', part: 0 }],
    };
    expect(JSON.parse(allowed.headers['x-druid-response-context'] ?? '{}')).to.deep.equal(listed);
    const inside = await grove.ask('POST', '/druid/v2', {
      ...timeseries(),
      dataSource: {
        type: 'join',
        left: 'none',
        right: { type: 'query', query: timeseries(undefined, { allowPartialResults: true }) },
        rightPrefix: 'r.',
        condition: 'v == "r.v"',
        joinType: 'INNER',
      },
    });
    expect(inside.status).to.equal(200);
    expect(JSON.parse(inside.headers['x-druid-response-context'] ?? '{}')).to.deep.equal(listed);
  });

  it('ids, ETags, uncovered intervals', async () => {
    grove.metadata.add(segmentRow('2024-01-01/2024-01-02', 'v1', 3));
    await sumBecomes(3);
    const plain = await grove.ask('POST', '/druid/v2', timeseries());
    expect(plain.headers['x-druid-query-id']).to.match(/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/);
    expect(plain.headers['x-druid-response-context']).to.equal('{}');
    expect(plain.headers['etag']).to.equal(undefined);
    const tagged = await grove.ask('POST', '/druid/v2', timeseries(), { 'if-none-match': 'nope' });
    const etag = tagged.headers['etag'] ?? '';
    expect(etag).to.match(/^[A-Za-z0-9+/=]{20,}$/);
    const same = await grove.ask('POST', '/druid/v2', timeseries(), { 'if-none-match': etag });
    expect([same.status, same.text]).to.deep.equal([304, '']);
    const named = await grove.ask(
      'POST',
      '/druid/v2?pretty',
      timeseries('2023-12-31/2024-01-02', { queryId: 'mine', uncoveredIntervalsLimit: 10 }),
    );
    expect(named.headers['x-druid-query-id']).to.equal('mine');
    expect(JSON.parse(named.headers['x-druid-response-context'] ?? '')).to.deep.equal({
      uncoveredIntervals: ['2023-12-31T00:00:00.000Z/2024-01-01T00:00:00.000Z'],
      uncoveredIntervalsOverflowed: false,
    });
    expect(named.text).to.match(/^\[ \{\n {2}"timestamp" : /);
  });

  it('a query can be cancelled; its scan stops', async () => {
    grove.metadata.add(segmentRow('2024-01-01/2024-01-02', 'v1', 3));
    await sumBecomes(3);
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    grove.hold = () => held;
    const asked = grove.ask('POST', '/druid/v2', timeseries(undefined, { queryId: 'slow' }));
    for (let i = 0; i < 20; i++) await eventLoopTurn();
    const cancelled = await grove.ask('DELETE', '/druid/v2/slow');
    expect(cancelled.status).to.equal(202);
    let answer: Answer | undefined;
    void asked.then((given) => {
      answer = given;
    });
    await grove.until('cancelled', () => answer !== undefined);
    expect(answer?.json).to.deep.include({ error: 'Query cancelled' });
    letGo();
  });

  it('a time-out is kept', async () => {
    grove.metadata.add(segmentRow('2024-01-01/2024-01-02', 'v1', 3));
    await sumBecomes(3);
    grove.hold = () => new Promise(() => undefined);
    let answer: Answer | undefined;
    void grove.ask('POST', '/druid/v2', timeseries(undefined, { timeout: 50 })).then((given) => {
      answer = given;
    });
    await grove.until('timed out', () => answer !== undefined);
    expect(answer?.status).to.equal(504);
    expect(answer?.json).to.deep.include({ error: 'Query timeout' });
  });

  it('bad queries are refused as Druid does', async () => {
    const refused = await grove.ask('POST', '/druid/v2', { queryType: 'nope', dataSource: 'ds' });
    expect(refused.status).to.equal(400);
    expect(refused.headers['x-druid-query-id']).to.equal(undefined);
    expect((refused.json as { errorMessage: string }).errorMessage).to.match(/type id 'nope'/);
    const negative = await grove.ask('POST', '/druid/v2', timeseries(undefined, { timeout: -1 }));
    expect(negative.status).to.equal(400);
    expect(negative.headers['x-druid-query-id']).to.match(/^[0-9a-f-]{36}$/);
  });

  it('Smile in, Smile out; candidates of a query', async () => {
    grove.metadata.add(segmentRow('2024-01-01/2024-01-02', 'v1', 3));
    await sumBecomes(3);
    const type = 'application/x-jackson-smile';
    const sent = writeSmile(JSON.stringify(timeseries()));
    const answer = await grove.send('/druid/v2', sent, { 'content-type': type });
    expect(answer.contentType).to.equal(type);
    expect(readSmile(answer.bytes)).to.deep.equal([
      { timestamp: '2024-01-01T00:00:00.000Z', result: { v: 3 } },
    ]);
    const bad = await grove.send('/druid/v2', Buffer.from('{}'), { 'content-type': type });
    expect(bad.status).to.equal(400);
    expect(readSmile(bad.bytes)).to.have.property('error', 'Unknown exception');
    const found = await grove.ask('POST', '/druid/v2/candidates', timeseries());
    expect(found.json).to.have.nested.property('[0].locations[0].type', 'historical');
  });

  it('the gRPC door streams rows and frames', async () => {
    grove.metadata.add(segmentRow('2024-01-01/2024-01-02', 'v1', 3));
    await sumBecomes(3);
    const gateway = createGateway({ node: grove.node, version: '0', properties: () => ({}) });
    const serving = grove.node.transport.serve(QueryService, gateway.grpc);
    const client = grove.node.transport.client('node:1');
    const options = { deadline: grove.node.deadline(1_000) };
    const query = JSON.stringify(timeseries());
    let rows = '';
    for await (const part of client.stream(QueryService.Native, { query }, options)) rows += part.rows ?? '';
    expect(rows).to.equal('[{"timestamp":"2024-01-01T00:00:00.000Z","result":{"v":3}}]');
    let count = 0;
    for await (const part of client.stream(QueryService.Native, { query, format: 1 }, options))
      count += part.frame?.rows ?? 0;
    expect(count).to.equal(1);
    const sql = client.stream(QueryService.Sql, { query: 'SELECT 1' }, options)[Symbol.asyncIterator]();
    const refused = await sql.next().catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(CodedError).with.property('code', 'Unsupported');
    serving.stop();
  });

  it("a closed call ends the broker's query", async () => {
    grove.metadata.add(segmentRow('2024-01-01/2024-01-02', 'v1', 3));
    await sumBecomes(3);
    grove.hold = () => new Promise(() => undefined);
    const stop = new AbortController();
    const parts = grove.node.transport
      .client('node:1')
      .stream(
        BrokerService.Native,
        { queryJson: JSON.stringify(timeseries()) },
        { deadline: grove.node.deadline(60_000), signal: stop.signal },
      )
      [Symbol.asyncIterator]();
    let ended: unknown;
    void parts.next().catch((error: unknown) => {
      ended = error;
    });
    const loadOf = (role: string): number =>
      grove.node.presence.self.roles.find((one) => one.role === role)?.load ?? -1;
    await grove.until('running', () => loadOf('historical') === 1);
    stop.abort();
    await grove.until(
      'ended',
      () => ended !== undefined && loadOf('historical') === 0 && loadOf('broker') === 0,
    );
  });
});
