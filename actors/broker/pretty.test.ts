import { expect } from 'chai';
import { PrettyJson } from './pretty.js';

const pretty = (json: string, cut = json.length): string => {
  const printer = new PrettyJson();
  const bytes = Buffer.from(json);
  return Buffer.concat([printer.push(bytes.subarray(0, cut)), printer.push(bytes.subarray(cut))]).toString();
};

describe('pretty JSON', () => {
  const cases: readonly (readonly [string, string])[] = [
    [
      '[{"timestamp":"2024","result":{"v":21}}]',
      '[ {\n  "timestamp" : "2024",\n  "result" : {\n    "v" : 21\n  }\n} ]',
    ],
    ['[]', '[ ]'],
    ['[{}]', '[ { } ]'],
    ['[1,2,[3,null]]', '[ 1, 2, [ 3, null ] ]'],
    [
      '{"a":[{"b":1},{"c":2}],"d":true}',
      '{\n  "a" : [ {\n    "b" : 1\n  }, {\n    "c" : 2\n  } ],\n  "d" : true\n}',
    ],
    ['["a,b:\\"{}[]é",1]', '[ "a,b:\\"{}[]é", 1 ]'],
  ];
  for (const [given, want] of cases) it(given, () => expect(pretty(given)).to.equal(want));

  it('does not care where chunks are cut', () => {
    const [given, want] = cases[5] ?? ['', ''];
    for (let cut = 0; cut < Buffer.from(given).length; cut++) expect(pretty(given, cut)).to.equal(want);
  });
});
