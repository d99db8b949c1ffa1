import { expect } from 'chai';
import {
  briefly,
  LookupConflict,
  lookupStatus,
  nothingLoaded,
  parseConfig,
  entryOf,
  replaces,
  withoutLookup,
  withoutTier,
  withUpdates,
} from './lookup-config.js';

const map = (version: string | null, value = 'b') => ({
  version,
  lookupExtractorFactory: { type: 'map', map: { a: value } },
});

describe('lookup configuration', () => {
  it('has to be initialised, once', () => {
    expect(withUpdates(undefined, {})).to.deep.equal({});
    expect(() => withUpdates(undefined, { t: { l: map('v0') } })).to.throw(LookupConflict, 'Not initialized');
  });

  it('takes new lookups and later versions, and leaves the others', () => {
    const before = { t: { l: map('v1'), m: map('v1') }, u: { n: map('v1') } };
    const after = withUpdates(before, { t: { l: map('v2', 'c') }, w: { x: map('v0') } });
    expect(after).to.deep.equal({
      t: { l: map('v2', 'c'), m: map('v1') },
      u: { n: map('v1') },
      w: { x: map('v0') },
    });
    for (const version of ['v0', 'v1'])
      expect(() => withUpdates(before, { t: { l: map(version) } })).to.throw(
        `[t]:[l] can't replace existing spec [LookupExtractorFactoryContainer{version='v1', lookupExtractorFactory={type=map, map={a=b}}}]`,
      );
    expect(() => withUpdates(before, { t: { l: map(null) } })).to.throw('does not have version');
  });

  it('refuses types that are not built, by name', () => {
    const jdbc = {
      version: 'v0',
      lookupExtractorFactory: { type: 'cachedNamespace', extractionNamespace: { type: 'jdbc' } },
    };
    expect(() => withUpdates({}, { t: { l: jdbc } })).to.throw('type[jdbc]');
    expect(() => parseConfig({ t: { l: { version: 'v' } } })).to.throw('null factory');
  });

  it('orders versions as texts', () => {
    expect([
      replaces('v10', 'v9'),
      replaces('v1', null),
      replaces(null, null),
      replaces(null, 'a'),
    ]).to.deep.equal([false, true, false, false]);
  });

  it('loses a tier with its last lookup', () => {
    const before = { t: { l: map('v1'), m: map('v1') } };
    const one = withoutLookup(before, 't', 'l');
    expect(one).to.deep.equal({ t: { m: map('v1') } });
    expect(withoutLookup(one, 't', 'm')).to.deep.equal({});
    expect(withoutLookup(before, 't', 'x')).to.equal(undefined);
    expect(withoutTier(before, 't')).to.deep.equal({});
    expect(withoutTier(before, 'toString')).to.equal(undefined);
    expect(withoutTier(undefined, 't')).to.equal(undefined);
  });

  it('is loaded when every node has this version or a later one', () => {
    const has = (version: string) => ({ ...nothingLoaded, current: { l: map(version) } });
    const nodes = new Map([
      ['one', has('v2')],
      ['two', has('v1')],
      ['three', undefined],
    ]);
    expect(lookupStatus('l', map('v2'), nodes)).to.deep.equal({
      loaded: false,
      pendingNodes: ['two', 'three'],
    });
    expect(lookupStatus('l', map('v1'), new Map([['one', has('v2')]])).loaded).to.equal(true);
    expect(briefly(has('v2'))).to.deep.equal({ current: { l: 'v2' }, toLoad: {}, toDrop: [] });
  });

  it('knows nothing but what is registered, whatever the names', () => {
    expect(entryOf({ t: {} }, 'constructor', 'name')).to.equal(undefined);
    expect(entryOf({ t: {} }, 't', 'toString')).to.equal(undefined);
    const updates = { constructor: { toString: map('v1') } } as never;
    expect(entryOf(withUpdates({}, updates), 'constructor', 'toString')).to.deep.equal(map('v1'));
    const isThere = new Map([['n', nothingLoaded]]);
    expect(lookupStatus('toString', map('v1'), isThere).loaded).to.equal(false);
    for (const text of ['{"__proto__":{"l":1}}', '{"t":{"__proto__":{}}}', '{"":{}}'])
      expect(() => parseConfig(JSON.parse(text))).to.throw('is not allowed');
    const hidden = JSON.parse('{"__proto__":{}}') as never;
    expect(() => withUpdates({}, hidden)).to.throw('is not allowed');
  });
});
