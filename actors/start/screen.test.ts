import { expect } from 'chai';
import { createScreen, doorLines } from './screen.js';

const doors = {
  http: 'localhost:8888',
  grpc: 'localhost:8889',
  nats: 'nats://secret@localhost:4222',
  cluster: 'main',
  example: 'shop',
};

describe('screen', () => {
  it('gives one address and one example for each door', () => {
    const text = doorLines(doors).join('\n');
    for (const part of [
      'curl -s http://localhost:8888/druid/v2',
      'grpcurl -plaintext',
      'grove.main.task.submit',
    ]) {
      expect(text).to.include(part);
    }
    expect(text).to.include('"{\\"queryType\\":\\"timeBoundary\\",\\"dataSource\\":\\"shop\\"}"');
  });

  it('leaves out a door that is closed', () => {
    expect(doorLines({ ...doors, grpc: '' }).join('\n')).to.not.include('grpcurl');
  });

  it('writes whole lines', () => {
    const written: string[] = [];
    const screen = createScreen((text) => written.push(text));
    screen.step('nats-server ready');
    screen.ready(doors, 1.23);
    expect(written.every((text) => text.endsWith('\n'))).to.equal(true);
    expect(written.join('')).to.include('after 1.2 s');
  });
});
