#!/usr/bin/env node
// Generates proto/gen from proto/*.proto. `--check` only compares and exits 1 on a difference.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRequire } from 'node:module';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);
const pbjs = require('protobufjs-cli/pbjs');
const pbts = require('protobufjs-cli/pbts');
const protobuf = require('protobufjs');
require('protobufjs/ext/descriptor');

const files = fs
  .readdirSync(path.join(root, 'proto'))
  .filter((f) => f.endsWith('.proto'))
  .sort();
const inputs = files.map((f) => path.join(root, 'proto', f));
const call = (tool, args) =>
  new Promise((done, fail) => tool.main(args, (e, out) => (e ? fail(e) : done(out))));

/** protobufjs writes neither imports nor full type names into descriptors; strict readers (grpcurl) need both. */
function linkFiles(set) {
  const fileOf = new Map();
  const declare = (file, prefix, message) => {
    const name = `${prefix}.${message.name}`;
    fileOf.set(name, file);
    for (const nested of message.nestedType ?? []) declare(file, name, nested);
    for (const nested of message.enumType ?? []) fileOf.set(`${name}.${nested.name}`, file);
  };
  for (const file of set.file) {
    for (const message of file.messageType ?? []) declare(file, file.package, message);
    for (const declared of file.enumType ?? []) fileOf.set(`${file.package}.${declared.name}`, file);
  }
  const link = (file, prefix, message) => {
    const scope = `${prefix}.${message.name}`;
    for (const field of message.field ?? []) {
      if (!field.typeName) continue;
      const parts = scope.split('.');
      let name = field.typeName.replace(/^\./, '');
      if (!field.typeName.startsWith('.')) {
        while (parts.length > 0 && !fileOf.has(`${parts.join('.')}.${name}`)) parts.pop();
        name = [...parts, name].join('.');
      }
      const target = fileOf.get(name);
      if (target === undefined)
        throw new Error(`type ${field.typeName} of ${scope}.${field.name} is in no file`);
      field.typeName = `.${name}`;
      if (target !== file && !file.dependency.includes(target.name))
        file.dependency = [...file.dependency, target.name];
    }
    for (const nested of message.nestedType ?? []) link(file, scope, nested);
  };
  for (const file of set.file)
    for (const message of file.messageType ?? []) link(file, file.package, message);
}

async function generate(into) {
  fs.mkdirSync(into, { recursive: true });
  const js = path.join(into, 'messages.js');
  const common = [
    '-t',
    'static-module',
    '-w',
    'esm',
    '--dependency',
    'protobufjs/minimal.js',
    '--no-service',
    '--no-verify',
    '--no-delimited',
    '--no-convert',
    '-p',
    path.join(root, 'proto'),
  ];
  const commented = path.join(into, 'commented.js');
  await call(pbjs, [...common, '-o', commented, ...inputs]);
  await call(pbts, ['-o', path.join(into, 'messages.d.ts'), commented]);
  fs.rmSync(commented);
  await call(pbjs, [...common, '--no-comments', '-o', js, ...inputs]);
  const schema = new protobuf.Root();
  schema.resolvePath = (_, target) => path.join(root, 'proto', path.basename(target));
  schema.loadSync(inputs, { keepCase: true });
  schema.resolveAll();
  const set = schema.toDescriptor('proto3');
  linkFiles(set);
  const bytes = Buffer.from(set.constructor.encode(set).finish());
  fs.writeFileSync(
    path.join(into, 'descriptors.js'),
    `// Generated from proto/*.proto: a FileDescriptorSet, base64.\nexport const descriptorSet = '${bytes.toString('base64')}';\n`,
  );
  fs.writeFileSync(path.join(into, 'descriptors.d.ts'), 'export declare const descriptorSet: string;\n');
}

if (process.argv.includes('--check')) {
  const tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'grove-proto-'));
  await generate(tmp);
  const stale = fs
    .readdirSync(tmp)
    .filter(
      (f) =>
        fs.readFileSync(path.join(tmp, f), 'utf8') !==
        fs.readFileSync(path.join(root, 'proto/gen', f), 'utf8'),
    );
  fs.rmSync(tmp, { recursive: true });
  if (stale.length > 0) {
    console.error(`proto/gen is stale: ${stale.join(', ')}; run npm run proto`);
    process.exit(1);
  }
} else await generate(path.join(root, 'proto/gen'));
