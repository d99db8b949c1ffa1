import { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { createLog, errorFields, jsonSink, prettySink, streamWriter, type LogRecord } from './log.js';
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

  it('outlives a full disk and a slow one', async () => {
    let accept: (() => void) | undefined;
    const got: string[] = [];
    const slow = new Writable({
      write: (chunk, _encoding, done) => {
        got.push(String(chunk));
        accept = done;
      },
    });
    const write = streamWriter(slow);
    const line = `${'x'.repeat(1024 * 1024)}\n`;
    for (let i = 0; i < 20; i++) write(line);
    expect(slow.writableLength).to.be.below(10 * line.length);
    while (slow.writableLength > 0) {
      accept?.();
      await setImmediate();
    }
    write('after\n');
    accept?.();
    await setImmediate();
    expect(got.slice(-2).join('')).to.match(/"dropped":1\d\}\nafter\n$/);

    const full = new Writable({ write: (_chunk, _encoding, done) => done(new Error('ENOSPC')) });
    const onFull = streamWriter(full);
    onFull('a\n');
    await setImmediate();
    onFull('b\n');
    expect(full.destroyed).to.equal(true);
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
