/**
 * Client commands of the `grove` program. Each takes its words and answers the process's exit code:
 * 0 done, 1 refused or failed, 2 used wrongly.
 */
import { readFile } from 'node:fs/promises';
import { CodedError, invalidInput } from '../../proto/errors.js';
import { readArguments } from './arguments.js';
import { segmentCommand } from './segment.js';
import { createGatewayClient, defaultUrl, type Answer, type GatewayClient } from './http-client.js';

export interface CommandIo {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly stdin: () => Promise<string>;
  readonly sleep: (ms: number) => Promise<void>;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const usage = `grove: a real-time, distributed, column-oriented analytics store

  grove start [--roles a,b] [--config FILE] [--ephemeral --port-base N] …   run Grove (grove start --help: settings)
  grove query FILE | - | '{"queryType":…}'    send a native query        [--url URL] [--pretty]
  grove submit FILE | -                       submit an ingestion task   [--url URL] [--wait]
  grove task status|report|log ID             ask about a task           [--url URL]
  grove segment dump|verify|stats DIR|ZIP     look into a stored segment
                                              [--metadata] [--rows] [--columns a,b] [--limit N]
  grove status                                is it healthy?             [--url URL]
`;

async function readInput(word: string | undefined, io: CommandIo, what: string): Promise<string> {
  if (word === undefined)
    throw invalidInput(`Give a ${what}: a file name, - for standard input, or JSON`, what);
  if (word === '-') return io.stdin();
  if (word.trimStart().startsWith('{')) return word;
  try {
    return await readFile(word, 'utf8');
  } catch (error) {
    throw new CodedError('InvalidInput', `Can't read file[${word}]`, { field: what }, error);
  }
}

function show(answer: Answer, io: CommandIo): number {
  const good = answer.status >= 200 && answer.status < 300;
  (good ? io.out : io.err)(answer.text.endsWith('\n') ? answer.text : `${answer.text}\n`);
  return good ? 0 : 1;
}

async function query(argv: readonly string[], io: CommandIo): Promise<number> {
  const { words, options } = readArguments(argv, ['url'], ['pretty']);
  const client = createGatewayClient(urlOf(options, io));
  const body = await readInput(words[0], io, 'query');
  return show(await client.post(options.has('pretty') ? '/druid/v2?pretty' : '/druid/v2', body), io);
}

async function submit(argv: readonly string[], io: CommandIo): Promise<number> {
  const { words, options } = readArguments(argv, ['url'], ['wait']);
  const client = createGatewayClient(urlOf(options, io));
  const answer = await client.post('/druid/indexer/v1/task', await readInput(words[0], io, 'task'));
  const code = show(answer, io);
  if (code !== 0 || !options.has('wait')) return code;
  const { task } = JSON.parse(answer.text) as { task: string };
  return waitForTask(client, task, io);
}

async function waitForTask(client: GatewayClient, task: string, io: CommandIo): Promise<number> {
  for (;;) {
    const answer = await client.get(`/druid/indexer/v1/task/${encodeURIComponent(task)}/status`);
    if (answer.status === 200) {
      const { status } = JSON.parse(answer.text) as {
        status?: { statusCode?: string; errorMsg?: string | null };
      };
      if (status?.statusCode === 'SUCCESS') {
        io.out('SUCCESS\n');
        return 0;
      }
      if (status?.statusCode === 'FAILED') {
        io.err(`FAILED ${status.errorMsg ?? ''}\n`);
        return 1;
      }
    }
    await io.sleep(250);
  }
}

async function task(argv: readonly string[], io: CommandIo): Promise<number> {
  const { words, options } = readArguments(argv, ['url']);
  const [verb, id] = words;
  const paths: Readonly<Record<string, string>> = { status: 'status', report: 'reports', log: 'log' };
  const path = verb === undefined ? undefined : paths[verb];
  if (path === undefined || id === undefined)
    throw invalidInput('Say grove task status|report|log ID', 'task');
  const client = createGatewayClient(urlOf(options, io));
  return show(await client.get(`/druid/indexer/v1/task/${encodeURIComponent(id)}/${path}`), io);
}

async function status(argv: readonly string[], io: CommandIo): Promise<number> {
  const { options } = readArguments(argv, ['url']);
  return show(await createGatewayClient(urlOf(options, io)).get('/status/health'), io);
}

function urlOf(options: ReadonlyMap<string, string>, io: CommandIo): string {
  return options.get('url') ?? io.environment['GROVE_URL'] ?? defaultUrl;
}

const commands: Readonly<Record<string, (argv: readonly string[], io: CommandIo) => Promise<number>>> = {
  query,
  submit,
  task,
  status,
  segment: segmentCommand,
};

/** Runs one client command; errors are printed as sentences, never as stacks. */
export async function runCommand(name: string, argv: readonly string[], io: CommandIo): Promise<number> {
  if (['help', '--help', '-h'].includes(name) || argv.includes('--help')) {
    io.out(usage);
    return 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    io.err(`grove: Unknown command[${name}]\n\n${usage}`);
    return 2;
  }
  try {
    return await command(argv, io);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    io.err(`grove: ${error.message}\n`);
    return error.code === 'InvalidInput' ? 2 : 1;
  }
}
