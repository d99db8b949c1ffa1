import { expect } from 'chai';
import type { NodeInfo, RoleInfo } from '../../runtime/types.js';
import { judgeHealth } from './health.js';
import { answerType, contentOf, matchRoute } from './routes.js';

const shown = (method: string, path: string): string => {
  const match = matchRoute(method, path);
  if (match.kind === 'unknown') return '404';
  if (match.kind === 'notAllowed') return `405 ${match.methods.join(',')}`;
  const { action, params } = match;
  const detail = action.kind === 'local' ? action.what : 'role' in action ? action.role : '';
  return [action.kind, detail, ...Object.values(params)].filter((word) => word !== '').join(' ');
};

describe('gateway routes', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['POST /druid/v2', 'query'],
    ['POST /druid/v2/', 'query'],
    ['GET /druid/v2', '405 POST'],
    ['DELETE /druid/v2/some-id', 'cancel some-id'],
    ['GET /druid/v2/some-id', '405 DELETE,POST'],
    ['POST /druid/v2/sql', 'sql'],
    ['GET /druid/v2/sql', '405 POST'],
    ['DELETE /druid/v2/sql/x', 'sql x'],
    ['GET /druid/v2/datasources', 'rest broker'],
    ['GET /druid/v2/datasources/a b/dimensions', 'rest broker a b/dimensions'],
    ['POST /druid/v2/datasources', '405 GET'],
    ['GET /druid/coordinator/v1/leader', 'rest coordinator v1/leader'],
    ['PUT /druid/indexer/v1/x', 'rest overlord v1/x'],
    ['GET /status', 'local status'],
    ['GET /status/health/', 'local health'],
    ['POST /status/health', '405 GET'],
    ['GET /proxy/overlord/status/health', 'proxy overlord status/health'],
    ['GET /druid/broker/v1/readiness', 'rest broker'],
    ['GET /druid/historical/v1/loadstatus', 'local historicalLoadStatus'],
    ['GET /proxy/enabled', 'local proxyEnabled'],
    ['GET /', 'local home'],
    ['GET /nope', '404'],
    ['GET /druid', '404'],
    ['GET /druid/nope', '404'],
    ['GET /druid/broker/v1/nope', '404'],
    ['GET /druid/coordinator', '404'],
    ['GET /proxy', '404'],
  ];
  for (const [given, want] of cases) {
    const [method = '', ...path] = given.split(' ');
    it(given, () => expect(shown(method, path.join(' '))).to.equal(want));
  }

  it('content types', () => {
    expect(contentOf('application/json; charset=utf-8')).to.equal('json');
    expect(contentOf(undefined)).to.equal('none');
    expect(contentOf('text/json')).to.equal('other');
    expect(contentOf('application/x-jackson-smile')).to.equal('smile');
  });

  it('accept', () => {
    const smile = 'application/x-jackson-smile';
    expect(answerType(undefined, 'json')).to.equal('json');
    expect(answerType(undefined, 'smile')).to.equal('smile');
    expect(answerType('text/html, */*;q=0.8', 'smile')).to.equal('json');
    expect(answerType(`${smile}, application/json`, 'json')).to.equal('smile');
    expect(answerType(`${smile};q=0, application/json`, 'json')).to.equal('json');
    expect(answerType('text/csv', 'json')).to.equal(undefined);
    expect(answerType('application/json;q=0', 'json')).to.equal(undefined);
  });
});

describe('health', () => {
  const role = (name: string, state: RoleInfo['state'] = 'RUNNING', leaderEpoch = 0): RoleInfo => ({
    role: name,
    state,
    leaderEpoch,
    load: 0,
    capacity: 0,
    used: 0,
    inventoryDigest: '',
    tier: '',
  });
  const whole = [
    role('metadata'),
    role('broker'),
    role('historical'),
    role('middlemanager'),
    role('coordinator', 'RUNNING', 1),
    role('overlord', 'RUNNING', 1),
    role('gateway'),
  ];
  const judge = (roles: readonly RoleInfo[], more: Partial<NodeInfo> = {}) => {
    const self = { node: 'a', suspect: false, roles, ...more } as NodeInfo;
    return judgeHealth({ self, all: [self] });
  };
  it('all there', () => expect(judge(whole)).to.deep.equal({ isHealthy: true, waitingFor: [] }));
  it("waits for the broker's first expected set", () => {
    const roles = whole.map((one) => (one.role === 'broker' ? role('broker', 'STARTING') : one));
    expect(judge(roles).waitingFor).to.deep.equal(['broker is STARTING', 'no broker runs']);
  });
  it('waits for leaders', () => {
    const roles = whole.map((one) => (one.role === 'overlord' ? role('overlord') : one));
    expect(judge(roles).waitingFor).to.deep.equal(['no overlord leads']);
  });
  it('suspects do not count', () => {
    expect(judge(whole, { suspect: true }).isHealthy).to.equal(false);
  });
});
