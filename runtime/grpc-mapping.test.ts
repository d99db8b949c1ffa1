import { expect } from 'chai';
import { CodedError, errorTable, type ErrorCode } from '../proto/errors.js';
import { fromWireError, toWireError } from './grpc-mapping.js';

describe('gRPC mapping', () => {
  it('brings every code over with message and context', () => {
    for (const code of Object.keys(errorTable) as ErrorCode[]) {
      const wire = toWireError(new CodedError(code, `about ${code}`, { n: 1, s: 'x', b: true }));
      expect(wire.status).to.equal(errorTable[code].grpc);
      const back = fromWireError({ status: wire.status, details: wire.details, info: wire.info }, 'm');
      expect([back.code, back.message, back.context]).to.deep.equal([
        code,
        `about ${code}`,
        { n: 1, s: 'x', b: true },
      ]);
    }
  });

  it('keeps trailers small and encodable', () => {
    const wire = toWireError(
      new CodedError('Bug', 'x'.repeat(100_000) + '\ud800', { big: 'y'.repeat(100_000) }),
    );
    expect(wire.info.length).to.be.below(3_000);
    expect(() => encodeURI(wire.details)).to.not.throw();
    expect(() => encodeURI(toWireError(new CodedError('Bug', 'a\ud800')).details)).to.not.throw();
  });

  it('judges failures that are the connection’s', () => {
    const judge = (status: number, details: string): [string, object] => {
      const error = fromWireError({ status, details, info: undefined }, '/s/m');
      return [error.code, error.context];
    };
    expect(judge(14, 'No connection established. Last error: connect ECONNREFUSED')).to.deep.equal([
      'Unavailable',
      { reached: false },
    ]);
    expect(judge(14, 'Connection dropped')).to.deep.equal(['Unavailable', {}]);
    expect(judge(13, 'Received RST_STREAM with code 2')).to.deep.equal(['Unavailable', {}]);
    expect(judge(4, 'Deadline exceeded')).to.deep.equal(['Timeout', {}]);
    expect(judge(1, 'Cancelled')).to.deep.equal(['Canceled', {}]);
    expect(judge(12, 'no such method')).to.deep.equal(['Unsupported', {}]);
    expect(fromWireError({ status: 13, details: 'd', info: Buffer.from('not json') }, 'm').code).to.equal(
      'Unavailable',
    );
    expect(
      fromWireError({ status: 13, details: 'd', info: Buffer.from('{"code":"New","message":"m"}') }, 'm')
        .code,
    ).to.equal('Bug');
  });
});
