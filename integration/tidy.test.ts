/**
 * The house rules as a test: import directions, one importer per third-party client, banned calls, limits,
 * protocol rules, generated code up to date.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const folders = [
  'proto',
  'config',
  'runtime',
  'segment',
  'query',
  'ingest',
  'actors',
  'integration',
] as const;
type Folder = (typeof folders)[number];

/** What each folder may import, beside itself. */
const mayImport: Record<Folder, readonly Folder[]> = {
  proto: [],
  config: ['proto'],
  runtime: ['proto', 'config'],
  segment: ['proto'],
  query: ['proto', 'segment'],
  ingest: ['proto', 'segment', 'query'],
  actors: ['proto', 'config', 'runtime', 'segment', 'query', 'ingest'],
  integration: ['proto', 'config', 'runtime', 'segment', 'query', 'ingest', 'actors'],
};

/** Files allowed a thing that is banned elsewhere. */
const clockFile = 'runtime/clock.ts';
const banned: readonly {
  readonly pattern: RegExp;
  readonly name: string;
  readonly except: readonly RegExp[];
}[] = [
  {
    name: 'real time',
    pattern: /\b(Date\.now|performance\.now|setTimeout|setInterval)\b/,
    except: [/^runtime\/clock\.ts$/, /^integration\//],
  },
  {
    name: 'real randomness',
    pattern: /\b(Math\.random|randomUUID|randomBytes)\b/,
    except: [/^runtime\/clock\.ts$/, /^integration\//],
  },
  { name: 'console', pattern: /\bconsole\.\w+\(/, except: [/^integration\//] },
  {
    name: 'child processes',
    pattern: /from 'node:child_process'/,
    except: [/^runtime\/(place|nats-server)(-\w+)*\.ts$/, /^integration\//],
  },
  {
    name: 'code from text',
    pattern: /\beval\(|\bnew Function\(|node:vm'/,
    except: [/^integration\/tidy\.test\.ts$/],
  },
  {
    name: 'leftover marker',
    pattern: /\b(TODO|FIXME|XXX|HACK)\b/,
    except: [/^integration\/tidy\.test\.ts$/],
  },
  {
    name: 'focused or skipped test',
    pattern: /\b(describe|it)\.only\(/,
    except: [/^integration\/tidy\.test\.ts$/],
  },
  {
    name: 'type escape',
    pattern: /@ts-(ignore|nocheck|expect-error)/,
    except: [/^integration\/tidy\.test\.ts$/],
  },
];

const linesMax = 600;
/** `cli` and `start` are parts of the program around the roles. */
const roleFolders = new Set([
  'gateway',
  'overlord',
  'middlemanager',
  'peon',
  'coordinator',
  'historical',
  'broker',
  'metadata',
]);

function walk(folder: string): string[] {
  const found: string[] = [];
  for (const entry of fs.readdirSync(path.join(root, folder), { withFileTypes: true })) {
    const at = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (entry.name !== 'gen' && entry.name !== 'assembly') found.push(...walk(at));
    } else if (entry.name.endsWith('.ts')) found.push(at);
  }
  return found;
}

const files = folders.filter((f) => fs.existsSync(path.join(root, f))).flatMap(walk);
const textOf = (file: string): string => fs.readFileSync(path.join(root, file), 'utf8');
/** Comments and text literals don't count as code. */
const codeOf = (file: string): string =>
  textOf(file)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '');

function importsOf(file: string): string[] {
  const text = codeOf(file);
  return [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((m) => m[1] ?? '');
}

function folderOf(file: string): Folder {
  return file.split('/')[0] as Folder;
}

describe('tidy', () => {
  it('imports point one way', () => {
    const wrong: string[] = [];
    for (const file of files) {
      for (const specifier of importsOf(file).filter((s) => s.startsWith('.'))) {
        const target = path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier));
        const from = folderOf(file);
        const to = folderOf(target);
        if (from !== to && !mayImport[from].includes(to)) wrong.push(`${file} → ${target}`);
      }
    }
    expect(wrong).to.deep.equal([]);
  });

  it('role folders never import each other', () => {
    const wrong: string[] = [];
    for (const file of files.filter((f) => roleFolders.has(f.split('/')[1] ?? ''))) {
      for (const specifier of importsOf(file).filter((s) => s.startsWith('.'))) {
        const target = path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier));
        const [, role] = file.split('/');
        const [top, other, inside] = target.split('/');
        if (top === 'actors' && inside !== undefined && other !== role) wrong.push(`${file} → ${target}`);
      }
    }
    expect(wrong).to.deep.equal([]);
  });

  it('each third-party package has one importing file', () => {
    const importers = new Map<string, Set<string>>();
    for (const file of files.filter((f) => !f.endsWith('.test.ts') && !f.startsWith('integration/'))) {
      for (const specifier of importsOf(file)) {
        if (specifier.startsWith('.') || specifier.startsWith('node:')) continue;
        const name = specifier
          .split('/')
          .slice(0, specifier.startsWith('@') ? 2 : 1)
          .join('/');
        importers.set(name, (importers.get(name) ?? new Set()).add(file));
      }
    }
    const shared = [...importers]
      .filter(([, by]) => by.size > 1)
      .map(([name, by]) => `${name}: ${[...by].join(', ')}`);
    expect(shared).to.deep.equal([]);
  });

  for (const rule of banned) {
    it(`no ${rule.name} where it does not belong`, () => {
      const found = files
        .filter((file) => !rule.except.some((e) => e.test(file)))
        .filter((file) => rule.pattern.test(rule.name === 'leftover marker' ? textOf(file) : codeOf(file)));
      expect(found).to.deep.equal([]);
    });
  }

  it('the clock file exists and is the one exception', () => {
    expect(files).to.include(clockFile);
  });

  it(`no file over ${linesMax} lines`, () => {
    const long = files.filter((f) => textOf(f).split('\n').length > linesMax);
    expect(long).to.deep.equal([]);
  });

  it('no utils, helpers or index files', () => {
    expect(files.filter((f) => /(^|\/)(utils?|helpers?|index|misc|common)\.ts$/.test(f))).to.deep.equal([]);
  });

  it('protocol files hold no 64-bit integers and no maps', () => {
    const wrong = fs
      .readdirSync(path.join(root, 'proto'))
      .filter((f) => f.endsWith('.proto'))
      .filter((f) =>
        /\b(u?int64|s?fixed64|sint64|map\s*<)/.test(textOf(`proto/${f}`).replace(/\/\/.*$/gm, '')),
      );
    expect(wrong).to.deep.equal([]);
  });

  it('generated protocol code is up to date', function () {
    this.timeout(600_000);
    const done = spawnSync(process.execPath, ['scripts/proto.mjs', '--check'], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(done.status, done.stderr).to.equal(0);
  });

  it('the grove command can be run', () => {
    expect(fs.statSync(path.join(root, 'scripts/grove.mjs')).mode & 0o111).to.equal(0o111);
  });

  it('names no path of a machine and no registry host', () => {
    const tracked = [...files, 'README.md', 'CONTRIBUTING.md', 'package.json', 'package-lock.json'].filter(
      (f) => fs.existsSync(path.join(root, f)),
    );
    const hosts = new RegExp(
      ['registry\\.npmjs', 'pypi\\.' + 'org', 'proxy\\.golang', 'deb\\.debian', 'repo\\.maven'].join('|'),
    );
    const wrong = tracked.filter((f) => f !== 'integration/tidy.test.ts' && hosts.test(textOf(f)));
    expect(wrong).to.deep.equal([]);
  });
});
