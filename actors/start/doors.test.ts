import { expect } from 'chai';
import type { PresenceChange } from '../../runtime/types.js';
import { followHealth } from './doors.js';

describe('health over gRPC', () => {
  it('says what /status/health says, from the start and on every change', () => {
    const told: string[] = [];
    let isHealthy = false;
    let change: (change: PresenceChange) => void = () => undefined;
    const presence = {
      onChange: (listener: (change: PresenceChange) => void) => {
        change = listener;
        return { stop: () => (change = () => undefined) };
      },
    };
    const following = followHealth(
      presence,
      () => isHealthy,
      (service, serving) => told.push(`${service}=${serving}`),
    );
    const somebody = { type: 'changed' } as PresenceChange;
    change(somebody);
    isHealthy = true;
    change(somebody);
    change(somebody);
    following.stop();
    isHealthy = false;
    change(somebody);
    expect(told).to.deep.equal([
      '=false',
      'grove.query.v1.QueryService=false',
      '=true',
      'grove.query.v1.QueryService=true',
    ]);
  });
});
