import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { allRoles, resolveSettings } from '../../config/settings.js';
import { root } from '../launch.js';
import { splitNatsFrames } from './nats-frames.js';

describe('cluster profiles', () => {
  const folder = path.join(root, 'config/cluster');
  const profiles = fs.readdirSync(folder).filter((file) => file.endsWith('.json'));

  it('name every role once, and settings that exist', () => {
    const roles = profiles.flatMap((file) => {
      const content: unknown = JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8'));
      return resolveSettings({ flags: new Map(), environment: {}, file: content }).roles;
    });
    expect([...roles].sort()).to.deep.equal([...allRoles].sort());
  });
});

describe('NATS messages in a byte stream', () => {
  it('are cut where they end, publications told from the rest', () => {
    const text = 'PING\r\nPUB a.b 5\r\nhello\r\nHPUB a r 12 14\r\nNATS/1.0\r\n\r\nhi\r\nPUB c 3\r\nab';
    const { frames, rest } = splitNatsFrames(Buffer.from(text));
    expect(frames.map((frame) => [frame.published, frame.text.toString()])).to.deep.equal([
      [false, 'PING\r\n'],
      [true, 'PUB a.b 5\r\nhello\r\n'],
      [true, 'HPUB a r 12 14\r\nNATS/1.0\r\n\r\nhi\r\n'],
    ]);
    expect(rest.toString()).to.equal('PUB c 3\r\nab');
  });
});
