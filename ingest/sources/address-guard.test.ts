import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import { JsonKeys } from '../spec/keys.js';
import { allowList, chooseAddress, isPublicAddress } from './address-guard.js';
import { httpGet } from './http-fetch.js';
import { checkSource } from './source-kinds.js';

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (thrown) {
    return thrown instanceof CodedError ? thrown.code : String(thrown);
  }
  return 'no error';
}

describe('addresses that input may come from', () => {
  it('are those of the open internet', () => {
    const open = ['8.8.8.8', '93.184.216.34', '172.32.0.1', '2606:2800:220:1::1', '::ffff:8.8.8.8'];
    const closed = [
      '127.0.0.1',
      '127.9.9.9',
      '0.0.0.0',
      '10.1.2.3',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.1.1',
      '169.254.169.254',
      '100.64.0.1',
      '224.0.0.1',
      '255.255.255.255',
      '::',
      '::1',
      '::7f00:1',
      '::ffff:127.0.0.1',
      '::ffff:7f00:1',
      '64:ff9b::a9fe:a9fe',
      '2002:7f00:1::',
      'fe80::1',
      'fd00:ec2::254',
      'ff02::1',
      'localhost',
      '',
    ];
    for (const address of open) expect(isPublicAddress(address), address).equal(true);
    for (const address of closed) expect(isPublicAddress(address), address).equal(false);
  });

  it('and those that were allowed, by name, port, address or network', () => {
    const allowed = allowList(['files.local', 'other:8080', '10.1.0.0/16', '192.168.1.1', 'fd00::/8']);
    const cases: [string, number, string[], boolean][] = [
      ['files.local', 80, ['127.0.0.1'], true],
      ['FILES.local', 1234, ['::1'], true],
      ['other', 8080, ['10.9.9.9'], true],
      ['other', 8081, ['10.9.9.9'], false],
      ['any', 80, ['10.1.2.3'], true],
      ['any', 80, ['10.2.2.3'], false],
      ['any', 80, ['192.168.1.1', '10.1.1.1'], true],
      ['any', 80, ['fd12::1'], true],
      ['public', 80, ['8.8.8.8'], true],
      // One closed address among open ones: whoever answers may choose which is used.
      ['rebind', 80, ['8.8.8.8', '127.0.0.1'], false],
      ['nothing', 80, [], false],
    ];
    for (const [host, port, addresses, isAllowed] of cases) {
      const code = codeOf(() => chooseAddress({ host, port }, addresses, allowed, 'uris'));
      expect(code, `${host} ${addresses.join()}`).equal(isAllowed ? 'no error' : 'InvalidInput');
    }
    for (const bad of ['10.0.0.0/33', 'x/8', '10.0.0.0/', '::/129']) {
      expect(
        codeOf(() => allowList([bad])),
        bad,
      ).equal('InvalidInput');
    }
  });

  it('are judged before anything is sent', async () => {
    const { signal } = new AbortController();
    const asked: string[] = [];
    const get = (url: string, ...addresses: string[]): Promise<unknown> =>
      httpGet({ url: new URL(url), headers: {}, allowed: allowList([]), field: 'uris', signal }, (host) => {
        asked.push(host);
        return Promise.resolve(addresses);
      }).catch((thrown: unknown) => (thrown instanceof CodedError ? thrown.code : thrown));
    expect(await get('http://inside.example/x', '169.254.169.254')).equal('InvalidInput');
    expect(await get('http://127.1/x')).equal('InvalidInput');
    expect(await get('http://[::ffff:10.0.0.1]/x')).equal('InvalidInput');
    expect(await get('http://2130706433/x')).equal('InvalidInput');
    expect(await get('file:///etc/passwd')).equal('InvalidInput');
    expect(asked).deep.equal(['inside.example']);
  });

  it('are written as plain http and https URLs', () => {
    const source = (uri: string, more: object = {}): string =>
      codeOf(() => checkSource(new JsonKeys({ type: 'http', uris: [uri], ...more }, 'inputSource')));
    expect(source('https://example.org/a.json')).equal('no error');
    for (const bad of [
      'file:///etc/passwd',
      'ftp://x/y',
      'http://user:pw@host/',
      'nothing',
      'jar:http://x!/y',
    ]) {
      expect(source(bad), bad).equal('InvalidInput');
    }
    const login = { httpAuthenticationUsername: 'u' };
    expect(source('http://x/', login)).equal('InvalidInput');
    expect(source('http://x/', { ...login, httpAuthenticationPassword: 'p' })).equal('no error');
    const environment = { type: 'environment', variable: 'HOME' };
    expect(source('http://x/', { ...login, httpAuthenticationPassword: environment })).equal('Unsupported');
  });
});
