import { expect } from 'chai';
import type { HttpRequest, LifecycleState, NodeInfo } from '../../runtime/types.js';
import { nodeHandler } from './node-endpoints.js';

function info(state: LifecycleState): NodeInfo {
  const role = { role: 'historical', state, leaderEpoch: 0, load: 0, capacity: 0, used: 0 };
  return {
    node: 'h1',
    incarnation: 'i',
    clusterId: 'c',
    state: 'RUNNING',
    roles: [{ ...role, inventoryDigest: '', tier: '' }],
    grpcAddress: '',
    httpAddress: '',
    startedAtMs: 0,
    suspect: false,
  };
}
const asked = (path: string, method = 'GET'): HttpRequest => ({
  method,
  path,
  query: [],
  headers: {},
  body: new Uint8Array(),
  remoteAddress: '',
  signal: new AbortController().signal,
  trace: '',
});

describe('node endpoints', () => {
  let state: LifecycleState = 'STARTING';
  const handler = nodeHandler({
    version: '1',
    self: () => info(state),
    properties: () => ({ 'druid.host': 'h' }),
    metrics: () => 'a_total 1\n',
  });

  it('is healthy when its own roles run', async () => {
    state = 'STARTING';
    expect(await handler(asked('/status/health'))).to.include({ status: 503, body: 'false' });
    state = 'RUNNING';
    expect(await handler(asked('/status/health'))).to.include({ status: 200, body: 'true' });
  });
  it('shows properties and metrics, and nothing else', async () => {
    expect((await handler(asked('/status/properties'))).body).to.equal('{"druid.host":"h"}');
    expect((await handler(asked('/metrics'))).body).to.equal('a_total 1\n');
    expect(await handler(asked('/druid/v2', 'POST'))).to.include({ status: 404 });
    expect(await handler(asked('/metrics', 'POST'))).to.include({ status: 405 });
    expect(await handler(asked('/constructor'))).to.include({ status: 404 });
  });
});
