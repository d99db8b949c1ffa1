import { expect } from 'chai';
import {
  epochAt,
  firstLeaderState,
  leaderStep,
  wakeAt,
  type LeaderAction,
  type LeaderEvent,
  type LeaderState,
} from './leader-plan.js';

class Play {
  state: LeaderState = firstLeaderState(0);
  at(nowMs: number, event: LeaderEvent): string {
    const { state, actions } = leaderStep(this.state, event, nowMs);
    this.state = state;
    return actions.map(word).join(' ');
  }
  /** Elected at 0 with lease revision 1 and epoch 5. */
  lead(): this {
    this.at(0, tick);
    this.at(1, { type: 'created', sentMs: 0, revision: 1 });
    this.at(2, { type: 'bumped', bump: 1, epoch: 5 });
    return this;
  }
}
const tick: LeaderEvent = { type: 'tick', jitter: 0.5 };
function word(action: LeaderAction): string {
  switch (action.type) {
    case 'update':
    case 'release':
      return `${action.type}(${action.revision})`;
    case 'bump':
      return `bump#${action.bump}(>${action.atLeast})`;
    case 'elected':
      return `elected(${action.epoch})`;
    case 'steppedDown':
      return `down`;
    default:
      return action.type;
  }
}

describe('runtime/leader-plan', () => {
  it('wins: create, raise the epoch, then act until two thirds of the lease', () => {
    const play = new Play();
    expect(play.at(0, tick)).to.equal('create');
    expect(play.at(0, tick)).to.equal('');
    expect(play.at(9, { type: 'created', sentMs: 0, revision: 1 })).to.equal('bump#1(>0)');
    expect(epochAt(play.state, 9)).to.equal(0);
    expect(play.at(20, { type: 'bumped', bump: 1, epoch: 7 })).to.equal('elected(7)');
    expect([epochAt(play.state, 20), epochAt(play.state, 1_999), epochAt(play.state, 2_000)]).to.deep.equal([
      7, 7, 0,
    ]);
    expect(wakeAt(play.state)).to.equal(750);
    expect(play.at(750, tick)).to.equal('update(1)');
    expect(wakeAt(play.state)).to.equal(2_000);
    play.at(760, { type: 'updated', sentMs: 750, revision: 2 });
    expect(epochAt(play.state, 2_749)).to.equal(7);
  });

  it('waits its turn while another holds the lease', () => {
    const play = new Play();
    play.at(0, tick);
    expect(play.at(1, { type: 'created', sentMs: 0, revision: undefined })).to.equal('inspect');
    expect(play.at(2, { type: 'inspected', lease: { owner: 'other', revision: 4 } })).to.equal('');
    expect(wakeAt(play.state)).to.equal(750);
    expect(play.at(750, tick)).to.equal('create');
  });

  it('takes over a dead, released or own lease at once', () => {
    for (const owner of ['free', 'me'] as const) {
      const play = new Play();
      play.at(0, tick);
      play.at(1, { type: 'created', sentMs: 0, revision: undefined });
      const found: LeaderEvent = { type: 'inspected', lease: { owner, revision: 4 } };
      expect(play.at(2, found)).to.equal('update(4)');
      expect(play.at(3, { type: 'updated', sentMs: 2, revision: 5 })).to.equal('bump#1(>0)');
    }
  });

  it('steps down by its own clock when renewals fail, and stands again', () => {
    const play = new Play().lead();
    expect(play.at(750, tick)).to.equal('update(1)');
    expect(play.at(1_450, { type: 'failed' })).to.equal('');
    expect(play.at(1_500, tick)).to.equal('update(1)');
    expect(play.at(2_000, tick)).to.equal('down');
    expect(epochAt(play.state, 2_000)).to.equal(0);
    // The late renewal did arrive after all: the lease is mine, but the epoch must be raised again.
    expect(play.at(2_001, { type: 'updated', sentMs: 1_500, revision: 2 })).to.equal('bump#2(>0)');
    expect(play.at(2_002, { type: 'bumped', bump: 1, epoch: 6 })).to.equal('');
    expect(play.at(2_003, { type: 'bumped', bump: 2, epoch: 6 })).to.equal('elected(6)');
  });

  it('looks before it steps down: the refusal may be due to its own lost answer', () => {
    const play = new Play().lead();
    play.at(750, tick);
    play.at(1_450, { type: 'failed' });
    play.at(1_500, tick);
    const refused: LeaderEvent = { type: 'updated', sentMs: 1_500, revision: undefined };
    expect(play.at(1_510, refused)).to.equal('inspect');
    const mine: LeaderEvent = { type: 'inspected', lease: { owner: 'me', revision: 2 } };
    expect(play.at(1_520, mine)).to.equal('update(2)');
    expect(play.at(1_530, { type: 'updated', sentMs: 1_520, revision: 3 })).to.equal('');
    expect(epochAt(play.state, 3_519)).to.equal(5);
  });

  it('steps down at once when another holds the lease; puts it back when the server lost it', () => {
    const look = (lease: LeaderEvent): [Play, string] => {
      const play = new Play().lead();
      play.at(750, tick);
      play.at(760, { type: 'updated', sentMs: 750, revision: undefined });
      return [play, play.at(770, lease)];
    };
    expect(look({ type: 'inspected', lease: { owner: 'other', revision: 9 } })[1]).to.equal('down');
    expect(look({ type: 'inspected', lease: { owner: 'free', revision: 9 } })[1]).to.equal('down');
    const [play, said] = look({ type: 'inspected', lease: { owner: 'nobody' } });
    expect(said).to.equal('create');
    expect(play.at(780, { type: 'created', sentMs: 770, revision: 1 })).to.equal('');
    expect(epochAt(play.state, 2_769)).to.equal(5);
  });

  it('outbids a higher epoch after proving that the lease is its own', () => {
    const play = new Play().lead();
    expect(play.at(100, { type: 'superseded', seen: 5 })).to.equal('');
    expect(play.state.outbid).to.equal(undefined);
    play.at(100, { type: 'superseded', seen: 40 });
    expect(play.at(100, tick)).to.equal('update(1)');
    const renewed: LeaderEvent = { type: 'updated', sentMs: 100, revision: 2 };
    expect(play.at(110, renewed)).to.equal('bump#2(>40)');
    expect(epochAt(play.state, 111)).to.equal(5);
    expect(play.at(120, { type: 'bumped', bump: 2, epoch: 41 })).to.equal('elected(41)');
    expect(epochAt(play.state, 120)).to.equal(41);
  });

  it('raises a record that has forgotten its epoch (restored from a backup)', () => {
    const play = new Play().lead();
    play.at(100, { type: 'superseded', seen: 3 });
    expect(play.at(100, tick)).to.equal('update(1)');
    expect(play.at(110, { type: 'updated', sentMs: 100, revision: 2 })).to.equal('bump#2(>5)');
    expect(play.at(120, { type: 'bumped', bump: 2, epoch: 6 })).to.equal('elected(6)');
  });

  it('does not take a renewal sent before for that proof', () => {
    const play = new Play().lead();
    play.at(750, tick);
    play.at(755, { type: 'superseded', seen: 40 });
    expect(play.at(760, { type: 'updated', sentMs: 750, revision: 2 })).to.equal('');
    expect(play.at(760, tick)).to.equal('update(2)');
  });

  it('gives the lease back when SQL can not be reached, and when stopped', () => {
    const play = new Play();
    play.at(0, tick);
    play.at(1, { type: 'created', sentMs: 0, revision: 1 });
    expect(play.at(900, { type: 'bumpFailed', bump: 1, message: 'no SQL' })).to.equal('release(1)');
    expect(wakeAt(play.state)).to.equal(2_400);
    const leading = new Play().lead();
    expect(leading.at(100, { type: 'stop' })).to.equal('down release(1)');
    expect(leading.at(800, tick)).to.equal('');
    expect(wakeAt(leading.state)).to.equal(Infinity);
  });
});
