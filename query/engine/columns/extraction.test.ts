import { expect } from 'chai';
import { extraction } from './extraction.js';
import { parseExtraction } from '../../native/transforms.js';

const timed = (spec: object) => {
  const fn = extraction(parseExtraction({ type: 'timeFormat', ...spec }, 'extractionFn'));
  return (ms: number) => fn(String(ms), BigInt(ms));
};

describe('extraction of times', () => {
  it('names months as they stand beside a day, and as numbers where a language has no names', () => {
    const march = Date.UTC(2024, 2, 5);
    const named = (format: string, locale: string): unknown => timed({ format, locale })(march);
    expect(named('d MMM', 'de')).to.equal('5 März');
    expect(named('MMM', 'de')).to.equal('März');
    expect(named('MMMM', 'ru')).to.equal('марта');
    expect(named('MMM EEE', 'fr')).to.equal('mars mar.');
    expect(named('MMM', 'ja')).to.equal('3月');
    expect(named('MMM', 'en')).to.equal('Mar');
  });
});
