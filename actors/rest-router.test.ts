import { expect } from 'chai';
import { CodedError } from '../proto/errors.js';
import type { CallContext } from '../runtime/types.js';
import { answerJson, RestRouter } from './rest-router.js';

const router = new RestRouter([
  { method: 'GET', path: '/v1/things', handle: () => answerJson(['all']) },
  {
    method: 'GET',
    path: '/v1/things/{id}',
    handle: (call) => answerJson({ id: call.params['id'], q: call.query('q') ?? null }),
  },
  { method: 'GET', path: '/v1/things/special', handle: () => answerJson('special') },
  { method: 'POST', path: '/v1/things/{id}', handle: (call) => answerJson(call.json()) },
  {
    method: 'DELETE',
    path: '/v1/things/{id}',
    handle: () => Promise.reject(new CodedError('Conflict', 'not now')),
  },
]);
async function call(method: string, path: string, more: object = {}): Promise<string> {
  const response = await router.call({ method, path, ...more }, {} as CallContext);
  const allow = (response.headers ?? []).find((pair) => pair.key === 'allow')?.value ?? '';
  const body = Buffer.from(response.body ?? new Uint8Array()).toString();
  return [response.status, response.contentType ?? '', allow, body].filter((word) => word !== '').join(' ');
}

describe('REST router', () => {
  it('literal parts win over parameters', async () => {
    expect(await call('GET', '/v1/things/special')).to.equal('200 application/json "special"');
    expect(await call('GET', '/v1/things/a/')).to.equal('200 application/json {"id":"a","q":null}');
  });
  it('hands over query parameters', async () => {
    const query = [
      { key: 'q', value: '1' },
      { key: 'q', value: '2' },
    ];
    expect(await call('GET', '/v1/things/a', { query })).to.equal('200 application/json {"id":"a","q":"1"}');
  });
  it('404 and 405 have no body', async () => {
    expect(await call('GET', '/v1/other')).to.equal('404');
    expect(await call('PUT', '/v1/things/a')).to.equal('405 HEAD,DELETE,POST,GET,OPTIONS');
    expect(await call('POST', '/v1/things')).to.equal('405 HEAD,GET,OPTIONS');
  });
  it('errors become the envelope', async () => {
    expect(await call('DELETE', '/v1/things/a')).to.match(
      /^409 application\/json .*"errorMessage":"not now"/,
    );
    expect(await call('POST', '/v1/things/a', { body: Buffer.from('{') })).to.match(/^400 .*not JSON/);
  });
});
