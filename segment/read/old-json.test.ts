import { expect } from 'chai';
import { normalisedPath } from './nested-old.js';

describe('paths in the form of jq', () => {
  it('become normalised ones', () => {
    const cases: readonly [string, string | undefined][] = [
      ['.', '$'],
      ['."a"', '$.a'],
      ['.a', '$.a'],
      ['."a"."b c"', '$.a.b c'],
      ['."a"[0]."b"', '$.a[0].b'],
      ['.[2][0]', '$[2][0]'],
      ['."x.y"', "$['x.y']"],
      ['."x"y"."z"', `$['x"y'].z`],
      ['.""', "$['']"],
      ['a', undefined],
      ['."a', undefined],
    ];
    for (const [jq, path] of cases) expect(normalisedPath(jq), jq).to.equal(path);
  });
});
