import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import { ByteWriter, grownTo } from './bytes.js';

describe('a growing buffer', () => {
  it('grows by half, to what is wanted, and never beyond the most there can be', () => {
    expect(grownTo(100, 101, 1_000)).to.equal(150);
    expect(grownTo(100, 400, 1_000)).to.equal(400);
    expect(grownTo(800, 801, 1_000)).to.equal(1_000);
  });
  it('says so when there is no room for what is wanted', () => {
    for (const reserve of [() => grownTo(800, 1_001, 1_000), () => new ByteWriter(16).reserve(2 ** 33)]) {
      let error: unknown;
      try {
        reserve();
      } catch (thrown) {
        error = thrown;
      }
      expect(error).to.be.instanceOf(CodedError).with.property('code', 'LimitExceeded');
    }
  });
});
