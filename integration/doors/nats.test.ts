/** The NATS door: tasks by request and by durable queue, discoverable as a service, as any NATS client sees it. */
import { connect, headers, type NatsConnection } from 'nats';
import { expect } from 'chai';
import { launchGrove, patienceMs, until, type Grove } from '../launch.js';
import { eventsTask, inlineEvents } from '../quickstart/tasks.js';

describe('the NATS door', function () {
  this.timeout(600_000);
  let grove: Grove;
  let nats: NatsConnection;
  before(async () => {
    grove = await launchGrove();
    const url = new URL(grove.natsUrl());
    nats = await connect({ servers: url.host, token: url.username });
  });
  after(async () => {
    await nats?.close();
    await grove?.stop();
  });

  it('is refused without the token', async () => {
    let refused = false;
    try {
      await connect({ servers: new URL(grove.natsUrl()).host, reconnect: false });
    } catch {
      refused = true;
    }
    expect(refused).to.equal(true);
  });

  it('shows itself to $SRV.PING and $SRV.INFO', async () => {
    const pong = JSON.parse((await nats.request('$SRV.PING', '', { timeout: patienceMs })).string()) as {
      name: string;
    };
    const info = JSON.parse(
      (await nats.request(`$SRV.INFO.${pong.name}`, '', { timeout: patienceMs })).string(),
    ) as {
      endpoints: { subject: string }[];
    };
    expect(info.endpoints.map((e) => e.subject)).to.include('grove.main.task.submit');
  });

  it('runs a task sent by request', async () => {
    const reply = await nats.request(
      'grove.main.task.submit',
      JSON.stringify(eventsTask('by_request', inlineEvents())),
      {
        timeout: patienceMs,
      },
    );
    const { task } = JSON.parse(reply.string()) as { task: string };
    expect(task).to.match(/^index_parallel_by_request_/);
    await grove.rowsQueryable('by_request', 6);
  });

  it('refuses a bad task with error headers and the envelope', async () => {
    const reply = await nats.request('grove.main.task.submit', '{"type":"conquer"}', { timeout: patienceMs });
    expect(reply.headers?.get('Nats-Service-Error-Code')).to.equal('400');
    expect(JSON.parse(reply.string())).to.have.property('error');
  });

  it('runs a task published twice under one id once', async () => {
    const jetstream = nats.jetstream();
    const payload = JSON.stringify(eventsTask('by_queue', inlineEvents()));
    const ack = await jetstream.publish('grove.main.task.queue', payload, { msgID: 'once' });
    const again = await jetstream.publish('grove.main.task.queue', payload, {
      msgID: 'once',
      headers: headers(),
    });
    expect(ack.duplicate).to.equal(false);
    expect(again.duplicate).to.equal(true);
    await grove.rowsQueryable('by_queue', 6);
    const tasks = await until('one ended task', patienceMs, async () => {
      const all = (await grove.request('GET', '/druid/indexer/v1/tasks?datasource=by_queue')).json<
        { statusCode: string }[]
      >();
      return all.every((t) => t.statusCode === 'SUCCESS') ? all : undefined;
    });
    expect(tasks).to.have.length(1);
  });
});
