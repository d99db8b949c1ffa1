import { expect } from 'chai';
import { checkNesting } from './json-nesting.js';

describe('nesting of JSON', () => {
  const nested = (depth: number, inner = ''): string => '[{"a":'.repeat(depth) + inner + '}]'.repeat(depth);

  it('is limited, and what stands in strings or side by side is no nesting', () => {
    for (const fine of ['', '1', nested(250), `"${'['.repeat(1_000)}"`, `["\\"${'{'.repeat(1_000)}"]`]) {
      expect(() => checkNesting(fine, 'task')).to.not.throw();
    }
    expect(() => checkNesting('[{}],'.repeat(1_000), 'task')).to.not.throw();
    for (const deep of [nested(251), nested(100_000), '['.repeat(501), `{"x\\\\":${'['.repeat(500)}`]) {
      expect(() => checkNesting(deep, 'task')).to.throw('The task is nested deeper than 500 levels');
    }
  });
});
