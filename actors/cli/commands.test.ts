import { expect } from 'chai';
import { runCommand, type CommandIo } from './commands.js';

async function run(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  const written = { out: '', err: '' };
  const io: CommandIo = {
    out: (text) => void (written.out += text),
    err: (text) => void (written.err += text),
    stdin: () => Promise.resolve(''),
    sleep: () => Promise.resolve(),
    environment: {},
  };
  const [name = '', ...rest] = words;
  return { code: await runCommand(name, rest, io), ...written };
}

describe('grove commands', () => {
  it('help is an answer, not an error', async () => {
    for (const words of [['help'], ['--help'], ['-h'], ['submit', '--help']]) {
      const { code, out, err } = await run(...words);
      expect([code, err]).to.deep.equal([0, '']);
      expect(out).to.include('grove submit');
    }
  });
  it('what is used wrongly is named, with exit code 2', async () => {
    const wrong: readonly (readonly [readonly string[], string])[] = [
      [['nonsense'], 'Unknown command[nonsense]'],
      [['constructor'], 'Unknown command[constructor]'],
      [['query'], 'Give a query'],
      [['query', '/no/such/file'], 'file[/no/such/file]'],
      [['query', '--bogus', '{}'], 'Unknown option[--bogus]'],
      [['submit', '--url'], 'Option[--url] needs a value'],
      [['task', 'status'], 'grove task status|report|log ID'],
      [['segment', 'dump', '/no/such/place'], 'path[/no/such/place]'],
    ];
    for (const [words, text] of wrong) {
      const { code, out, err } = await run(...words);
      expect([code, out], words.join(' ')).to.deep.equal([2, '']);
      expect(err).to.include(text);
    }
  });
});
