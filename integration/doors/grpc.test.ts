/** The gRPC door: native queries as rows and as frames, health, errors; real grpcurl where it can be had. */
import grpc from '@grpc/grpc-js';
import { expect } from 'chai';
import { grove as messages } from '../../proto/gen/messages.js';
import { HealthService, QueryService } from '../../proto/services.js';
import { launchGrove, type Grove } from '../launch.js';
import { eventsTask, inlineEvents } from '../quickstart/tasks.js';

interface Call<Res> {
  readonly parts: Res[];
  readonly error: grpc.ServiceError | undefined;
}

/** One call through plain grpc-js, as a foreign client would make it. */
function call<Req, Res>(
  client: grpc.Client,
  method: {
    service: string;
    name: string;
    request: { encode(m: Req): Uint8Array };
    response: { decode(b: Uint8Array): Res };
  },
  request: Req,
): Promise<Call<Res>> {
  return new Promise((done) => {
    const parts: Res[] = [];
    let error: grpc.ServiceError | undefined;
    const stream = client.makeServerStreamRequest(
      `/${method.service}/${method.name}`,
      (message: Req) => Buffer.from(method.request.encode(message)),
      (bytes: Buffer) => method.response.decode(bytes),
      request,
      { deadline: 10_000 + Number(new Date()) },
    );
    stream.on('data', (part: Res) => parts.push(part));
    stream.on('error', (e: grpc.ServiceError) => (error = e));
    stream.on('end', () => undefined);
    stream.on('status', () => done({ parts, error }));
  });
}

describe('the gRPC door', function () {
  this.timeout(600_000);
  let grove: Grove;
  let client: grpc.Client;
  const query = (dataSource: string): string =>
    JSON.stringify({
      queryType: 'timeseries',
      dataSource,
      granularity: 'all',
      intervals: ['2024-01-01/2025-01-01'],
      aggregations: [{ type: 'longSum', name: 'added', fieldName: 'added' }],
    });

  before(async () => {
    grove = await launchGrove();
    client = new grpc.Client(grove.grpcAddress, grpc.credentials.createInsecure());
    await grove.ingest(eventsTask('doors', inlineEvents()));
    await grove.rowsQueryable('doors', 6);
  });
  after(async () => {
    client?.close();
    await grove?.stop();
  });

  it('answers rows that join to the HTTP answer', async () => {
    const { parts, error } = await call(client, QueryService.Native, { query: query('doors') });
    expect(error?.message).to.equal(undefined);
    const text = parts.map((part) => part.rows ?? '').join('');
    expect(JSON.parse(text)).to.deep.equal((await grove.query(query('doors'))).json());
  });

  it('answers frames', async () => {
    const { parts, error } = await call(client, QueryService.Native, {
      query: query('doors'),
      format: messages.query.v1.Format.FRAMES,
    });
    expect(error?.message).to.equal(undefined);
    const frames = parts.flatMap((part) => (part.frame ? [part.frame] : []));
    expect(frames.reduce((n, frame) => n + (frame.rows ?? 0), 0)).to.equal(1);
    const added = frames[0]?.columns?.find((column) => column.name === 'added');
    expect(Buffer.from(added?.values ?? []).readBigInt64LE(0)).to.equal(34n);
  });

  it('answers frames of shaped queries', async () => {
    const body = {
      dataSource: 'doors',
      granularity: 'all',
      intervals: ['2024-01-01/2025-01-01'],
      aggregations: [{ type: 'longSum', name: 'added', fieldName: 'added' }],
      postAggregations: [{ type: 'expression', name: 'twice', expression: 'added * 2' }],
    };
    const limitSpec = {
      type: 'default',
      limit: 2,
      columns: [{ dimension: 'added', direction: 'descending' }],
    };
    const having = { type: 'greaterThan', aggregation: 'added', value: 1 };
    for (const [shape, count] of [
      [{ queryType: 'topN', dimension: 'city', metric: 'twice', threshold: 2 }, 2],
      [{ queryType: 'groupBy', dimensions: ['city'], having, limitSpec }, 2],
      [{ queryType: 'timeseries', context: { grandTotal: true } }, 2],
      [{ queryType: 'search', query: { type: 'all' }, limit: 3 }, 3],
      [{ queryType: 'timeBoundary' }, 1],
      [{ queryType: 'segmentMetadata', merge: true }, 1],
      [{ queryType: 'scan', order: 'descending', columns: ['__time'], limit: 4 }, 4],
    ] as const) {
      const { parts, error } = await call(client, QueryService.Native, {
        query: JSON.stringify({ ...body, ...shape }),
        format: messages.query.v1.Format.FRAMES,
      });
      expect(error?.message, shape.queryType).to.equal(undefined);
      const rows = parts.reduce((sum, part) => sum + (part.frame?.rows ?? 0), 0);
      expect(rows, shape.queryType).to.equal(count);
    }
  });

  it('refuses a bad query with INVALID_ARGUMENT and SQL with UNIMPLEMENTED', async () => {
    const bad = await call(client, QueryService.Native, { query: '{"queryType":"dance"}' });
    expect(bad.error?.code).to.equal(grpc.status.INVALID_ARGUMENT);
    const sql = await call(client, QueryService.Sql, { query: 'SELECT 1' });
    expect(sql.error?.code).to.equal(grpc.status.UNIMPLEMENTED);
  });

  it('tells its health', async () => {
    const answer = await new Promise<number>((done, fail) => {
      client.makeUnaryRequest(
        `/${HealthService.Check.service}/Check`,
        (m: object) => Buffer.from(HealthService.Check.request.encode(m)),
        (b: Buffer) => HealthService.Check.response.decode(b),
        { service: '' },
        (error, value) => (error ? fail(error) : done(value?.status ?? 0)),
      );
    });
    expect(answer).to.equal(1);
  });
});
