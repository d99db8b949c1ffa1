import { expect } from 'chai';
import { acceptsGzip, errorEnvelope, isCompressible, refusal } from './http-rules.js';
import { CodedError } from '../proto/errors.js';

describe('HTTP rules', () => {
  const judge = (headers: Record<string, string>): string =>
    refusal(headers, ['grove.example', 'other.example:99'])?.code ?? 'in';

  it('answers loopback and configured names only', () => {
    for (const host of [
      'localhost',
      'LocalHost:8888',
      '127.0.0.1',
      '127.0.0.1:1',
      '[::1]',
      '[::1]:8888',
      'grove.example',
      'GROVE.example:5',
      'other.example:99',
    ]) {
      expect(judge({ host }), host).to.equal('in');
    }
    for (const host of [
      '',
      'evil.example',
      '127.0.0.1.evil.example',
      'localhost@evil.example',
      'other.example:98',
      'localhost:x',
      'local host',
      '::1',
      '127.0.0.2',
      'localhost.',
    ]) {
      expect(judge({ host }), host).to.equal('Forbidden');
    }
    expect(judge({})).to.equal('Forbidden');
  });

  it('refuses what pages of other sites send', () => {
    const host = 'localhost:8888';
    expect(judge({ host, origin: 'http://localhost:8888' })).to.equal('in');
    expect(judge({ host, origin: 'http://other.example:99' })).to.equal('in');
    for (const origin of [
      'http://localhost:3000',
      'https://evil.example',
      'null',
      '',
      'file://',
      'http://localhost:8888/x',
    ]) {
      expect(judge({ host, origin }), origin).to.equal('Forbidden');
    }
    expect(judge({ host, 'sec-fetch-site': 'cross-site' })).to.equal('Forbidden');
    for (const site of ['same-origin', 'same-site', 'none'])
      expect(judge({ host, 'sec-fetch-site': site })).to.equal('in');
  });

  it('knows what to pack', () => {
    for (const header of ['gzip', 'deflate, gzip;q=0.5', '*', 'GZIP'])
      expect(acceptsGzip(header), header).to.equal(true);
    for (const header of [undefined, '', 'deflate', 'gzip;q=0', 'br, identity'])
      expect(acceptsGzip(header), header).to.equal(false);
    expect(['application/json', 'text/html; charset=utf-8', 'image/svg+xml'].every(isCompressible)).to.equal(
      true,
    );
    expect(['image/png', 'application/zip', ''].some(isCompressible)).to.equal(false);
  });

  it('answers in Druid’s envelope', () => {
    const { status, body } = errorEnvelope(new CodedError('InvalidInput', 'no', { field: 'x' }));
    expect(status).to.equal(400);
    expect(JSON.parse(body)).to.deep.equal({
      error: 'druidException',
      errorCode: 'invalidInput',
      persona: 'USER',
      category: 'INVALID_INPUT',
      errorMessage: 'no',
      context: { field: 'x' },
    });
  });
});
