import { expect } from 'chai';
import { FailureDetector } from './failure-detector.js';

/**
 * A script, one step a word: `A7@100` = node A's beat number 7 at 100 ms; `A7'@100` = of a second incarnation started
 * later; `-A8@100` = leaving; `me@100` = my own beat; `?200` = check; `cut`; `back@300`.
 */
function play(script: string): string {
  const detector = new FailureDetector();
  const said: string[] = [];
  for (const word of script.trim().split(/\s+/)) {
    const check = /^\?(\d+)$/.exec(word);
    const back = /^back@(\d+)$/.exec(word);
    const beat = /^(-?)([A-Z])(\d+)('*)@(\d+)$/.exec(word);
    const me = /^me@(\d+)$/.exec(word);
    if (me !== null) detector.ownBeat(Number(me[1]));
    else if (word === 'cut') detector.cutOff();
    else if (back !== null) detector.reconnected(Number(back[1]));
    else if (check !== null) {
      const { suspect, dead } = detector.check(Number(check[1]));
      said.push([...suspect.map((n) => `suspect:${n}`), ...dead.map((n) => `dead:${n}`)].join() || '-');
    } else if (beat !== null) {
      const [, leaving, node = '', sequence, primes = '', at] = beat;
      const one = {
        node,
        incarnation: `i${primes.length}`,
        sequence: Number(sequence),
        startedAtMs: primes.length,
      };
      said.push(leaving === '-' ? `left:${detector.leaving(one)}` : detector.beat(one, Number(at)));
    } else throw new Error(word);
  }
  return said.join(' ');
}

describe('runtime/failure-detector', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    [
      'judges nobody while it does not hear itself',
      'me@0 A1@0 ?800 ?1600 ?2400 me@2450 ?3200 me@3900 ?4000 me@4100 ?4201',
      'joined - - - - suspect:A dead:A',
    ],
    [
      'suspects after 3 missed beats, buries after 1.75 s',
      'A1@0 ?800 ?1500 ?1501 ?1750 ?1751',
      'joined - - suspect:A - dead:A',
    ],
    ['hears of recovery', 'A1@0 ?900 ?1600 A2@1700 ?2500 A3@2600', 'joined - suspect:A recovered - alive'],
    ['ignores doubled and late beats', 'A2@0 A2@900 A1@900 ?900 ?1800', 'joined ignored ignored - dead:A'],
    ['takes back who was only paused', 'A1@0 ?900 ?1800 A2@5000', 'joined - dead:A joined'],
    [
      'judges nobody while cut off, then grants a fresh lease',
      'A1@0 cut ?900 ?1800 ?9000 back@9100 ?9200 ?10100 ?10851',
      'joined - - - - - dead:A',
    ],
    ['judges nobody after sleeping itself', 'A1@0 ?100 ?5000 ?5900 ?6751', 'joined - - - dead:A'],
    [
      'believes a goodbye, and no stray beat after it',
      'A1@0 -A2@10 A1@20 A3@30 ?900 ?1800',
      'joined left:true ignored ignored - -',
    ],
    [
      'lets a new incarnation in, and not the old one again',
      "A9@0 A1'@100 A10@200 -A11@210 A2'@300",
      'joined joined ignored left:false alive',
    ],
    [
      'lets an incarnation with an earlier clock in once the known one is silent',
      "A1'@0 A1@1000 A2@1501",
      'joined ignored joined',
    ],
    ['lets a restarted node back after its goodbye', "A1@0 -A2@10 A1'@20", 'joined left:true joined'],
  ];
  for (const [name, script, expected] of cases) {
    it(name, () => {
      expect(play(script)).to.equal(expected);
    });
  }
});
