import { expect } from 'chai';
import { CodedError } from '../proto/errors.js';
import {
  bucketStream,
  bucketSubject,
  errorHeaders,
  errorOfHeaders,
  natsError,
  queueStream,
  serviceError,
  subjectPrefix,
  versionAtLeast,
} from './nats-mapping.js';

describe('NATS mapping', () => {
  it('puts the cluster in front, and refuses names that are no token', () => {
    expect(subjectPrefix('main')).to.equal('grove.main.');
    for (const bad of ['', 'a.b', 'a b', '*', '>', 'ü', 'x'.repeat(65)]) {
      expect(() => subjectPrefix(bad), bad).to.throw(CodedError, 'cluster[');
    }
  });

  it('lays out streams and buckets', () => {
    expect(queueStream('main', 'tasks', 'grove.main.task.queue', 10)).to.include({
      name: 'grove_main_tasks',
      retention: 'workqueue',
      discard: 'new',
      max_msgs: 10,
      duplicate_window: 120_000_000_000,
    });
    expect(bucketStream('main', 'leader', 3_000)).to.deep.include({
      name: 'KV_grove_main_leader',
      subjects: ['$KV.grove_main_leader.>'],
      max_age: 3_000_000_000,
      duplicate_window: 3_000_000_000,
      max_msgs_per_subject: 1,
    });
    expect(bucketSubject('main', 'leader', 'overlord')).to.equal('$KV.grove_main_leader.overlord');
    expect(() => bucketSubject('main', 'leader', 'a b')).to.throw(CodedError);
  });

  it('names the failures of client and server', () => {
    const code = (failure: object): string => natsError(failure, 'x').code;
    expect(code({ code: '503', message: '503' })).to.equal('Unavailable');
    expect(code({ code: 'TIMEOUT' })).to.equal('Timeout');
    expect(code({ code: 'AUTHORIZATION_VIOLATION' })).to.equal('Unauthorized');
    expect(code({ code: 'PERMISSIONS_VIOLATION' })).to.equal('Forbidden');
    expect(code({ code: 'MAX_PAYLOAD_EXCEEDED' })).to.equal('LimitExceeded');
    expect(code({ code: 'CONNECTION_REFUSED' })).to.equal('BusUnavailable');
    expect(code({ code: '400', api_error: { err_code: 10077 } })).to.equal('MailboxFull');
    expect(code({ code: '503', api_error: { err_code: 10023 } })).to.equal('Unavailable');
    expect(code({ code: '400', api_error: { err_code: 10071 } })).to.equal('Conflict');
    expect(code({ code: 'ANYTHING', message: 'odd' })).to.equal('Unavailable');
    const own = new CodedError('Conflict', 'mine');
    expect(natsError(own, 'x')).to.equal(own);
  });

  it('carries errors in headers', () => {
    const error = new CodedError('StaleEpoch', 'line one\nline two ✓ %41', { seen: 4, role: 'overlord' });
    const headers = errorHeaders(error);
    for (const value of Object.values(headers)) expect(value).to.match(/^[\x20-\x7e]*$/);
    const back = errorOfHeaders(headers);
    expect([back?.code, back?.message, back?.context]).to.deep.equal([
      error.code,
      error.message,
      error.context,
    ]);
    expect(errorOfHeaders({})).to.equal(undefined);
    expect(errorOfHeaders(errorHeaders(new TypeError('oops')))?.code).to.equal('Bug');
    expect(serviceError(new CodedError('InvalidInput', 'a\r\nb'))).to.deep.equal({
      status: 400,
      description: 'a b',
    });
  });

  it('compares versions', () => {
    expect(versionAtLeast('2.9.10', '2.9.9')).to.equal(true);
    expect(versionAtLeast('2.9.10', '2.9.10')).to.equal(true);
    expect(versionAtLeast('v2.11.0-RC.1', '2.11.0')).to.equal(true);
    expect(versionAtLeast('2.9.9', '2.9.10')).to.equal(false);
    expect(versionAtLeast('', '2.9.10')).to.equal(false);
  });
});
