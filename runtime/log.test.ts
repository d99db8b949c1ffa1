import { expect } from 'chai';
import { createLog, errorFields, jsonSink, prettySink, type LogRecord } from './log.js';
import { createVirtualClock } from './virtual-clock.js';

describe('runtime/log', () => {
  it('adds fields, keeps the level and writes JSON lines', () => {
    const lines: string[] = [];
    const clock = createVirtualClock({ startMs: 0 });
    const log = createLog({ clock, sink: jsonSink((line) => lines.push(line)) });
    log.debug('unseen');
    log.with({ role: 'broker' }).warn('slow query', { ms: 12, skipped: undefined });
    expect(lines).to.deep.equal([
      '{"at":"1970-01-01T00:00:00.000Z","level":"warn","message":"slow query","role":"broker","ms":12}\n',
    ]);
  });

  it('writes for people, quoting what needs it', () => {
    const lines: string[] = [];
    const sink = prettySink((line) => lines.push(line), true);
    const record: LogRecord = { at: 0, level: 'error', message: 'x', fields: { a: 'b c', n: 1 } };
    sink(record);
    expect(lines[0]).to.equal('\u001b[31m00:00:00.000 ERROR x a="b c" n=1\u001b[0m\n');
    expect(errorFields('text')).to.deep.equal({ error: 'text' });
    expect(errorFields(new TypeError('t'))['error']).to.equal('TypeError: t');
  });
});
