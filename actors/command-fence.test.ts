import { expect } from 'chai';
import { admit as admitFor, type CommandClaim, type SeenEpoch } from './command-fence.js';

const admit = (seen: SeenEpoch, claim: CommandClaim) => admitFor(seen, claim, 'tasks folder');

describe('command fence', () => {
  const seen = { clusterId: 'c1', epoch: 5 };
  it('admits the first cluster and remembers it', () => {
    const admission = admit({ clusterId: '', epoch: 0 }, { clusterId: 'c1', epoch: 1 });
    expect(admission).to.deep.equal({ kind: 'admitted', seen: { clusterId: 'c1', epoch: 1 }, isNew: true });
  });
  it('admits the same epoch without a note, a higher one with', () => {
    expect(admit(seen, { clusterId: 'c1', epoch: 5 })).to.deep.include({ kind: 'admitted', isNew: false });
    expect(admit(seen, { clusterId: 'c1', epoch: 6 })).to.deep.include({ kind: 'admitted', isNew: true });
  });
  it('refuses an older leader and tells what it has seen', () => {
    const admission = admit(seen, { clusterId: 'c1', epoch: 4 });
    expect(admission).to.deep.include({ kind: 'refused', epochSeen: 5 });
    expect(admission.kind === 'refused' && admission.error.code).to.equal('StaleEpoch');
    expect(admission.kind === 'refused' && admission.error.context).to.deep.equal({ seen: 5 });
  });
  it('refuses another cluster, with the remedy', () => {
    const admission = admit(seen, { clusterId: 'c2', epoch: 9 });
    expect(admission.kind === 'refused' && admission.error.code).to.equal('WrongCluster');
    expect(admission.kind === 'refused' && admission.error.message).to.match(
      /own data folder, or empty its tasks folder/,
    );
  });
  it('refuses what is no epoch', () => {
    for (const epoch of [0, -1, 1.5, Number.NaN]) {
      const admission = admit(seen, { clusterId: 'c1', epoch });
      expect(admission.kind === 'refused' && admission.error.code).to.equal('InvalidInput');
    }
  });
});
