import { expect } from 'chai';
import { seededRandom } from './clock.js';
import { subjectMatches, subjectToken, checkSubject } from './subject.js';
import { childTrace, makeTrace, parseTrace, traceIdOf } from './trace.js';

describe('runtime/trace', () => {
  it('keeps the trace id and changes the span', () => {
    const random = seededRandom(1);
    const trace = makeTrace(random);
    const child = childTrace(trace, random);
    expect(traceIdOf(child)).to.equal(traceIdOf(trace));
    expect(parseTrace(child)?.spanId).not.to.equal(parseTrace(trace)?.spanId);
    expect(parseTrace(child)?.sampled).to.equal(true);
    expect(traceIdOf(childTrace('nonsense', random))).to.match(/^[0-9a-f]{32}$/);
  });

  it('refuses what is no traceparent', () => {
    const id = 'a'.repeat(32);
    const span = 'b'.repeat(16);
    expect(parseTrace(`00-${id}-${span}-00`)?.sampled).to.equal(false);
    expect(parseTrace(`01-${id}-${span}-01-more`)?.traceId).to.equal(id);
    for (const bad of [
      '',
      `ff-${id}-${span}-01`,
      `00-${id}-${span}-01-more`,
      `00-${'0'.repeat(32)}-${span}-01`,
      `00-${id}-${'0'.repeat(16)}-01`,
      `00-${id.toUpperCase()}-${span}-01`,
    ]) {
      expect(parseTrace(bad), bad).to.equal(undefined);
    }
  });
});

describe('runtime/subject', () => {
  it('matches wildcards', () => {
    const cases: readonly (readonly [string, string, boolean])[] = [
      ['a.b', 'a.b', true],
      ['a.*', 'a.b', true],
      ['a.*', 'a.b.c', false],
      ['a.>', 'a.b.c', true],
      ['a.>', 'a', false],
      ['*.b.>', 'a.b.c', true],
      ['a.b', 'a.c', false],
      ['a.b.c', 'a.b', false],
      ['>', 'a', true],
    ];
    for (const [pattern, subject, expected] of cases) {
      expect(subjectMatches(pattern, subject), `${pattern} ${subject}`).to.equal(expected);
    }
  });

  it('encodes any name as one token, two names never as the same', () => {
    expect(subjectToken('node-1_A')).to.equal('node-1_A');
    expect(subjectToken('a.b *>=')).to.equal('a=2Eb=20=2A=3E=3D');
    expect(subjectToken('ü')).to.equal('=C3=BC');
    expect(subjectToken('')).to.equal('=');
    for (const name of ['a.b', '\0', 'x y', '>']) checkSubject(subjectToken(name), 'subject');
  });

  it('checks subjects and patterns', () => {
    checkSubject('a.*.>', 'pattern');
    for (const bad of ['', 'a..b', 'a b', 'a.*', 'a.>']) {
      expect(() => checkSubject(bad, 'subject'), bad).to.throw('not a valid');
    }
    expect(() => checkSubject('a.>.b', 'pattern')).to.throw('not a valid');
  });
});
