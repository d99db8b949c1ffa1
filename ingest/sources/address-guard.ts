/**
 * Which network addresses a task may make this process talk to. Whoever may submit a task must not thereby reach what
 * only this machine can reach: loopback, private networks, link-local addresses (among them the metadata services of
 * clouds), multicast, and the IPv6 forms that carry an IPv4 address inside.
 */
import { BlockList, isIP } from 'node:net';
import { invalidInput } from '../../proto/errors.js';

const closed4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
const closed6 = [
  '::/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
];

/** Closed addresses that are open all the same. */
export interface AllowList {
  /** `port`: as a number, the scheme's own when the URL names none. */
  allows(host: string, port: number, address: string): boolean;
}

/** Entries: `host`, `host:port`, an address, `address:port`, or a network (`10.1.0.0/16`). Throws InvalidInput. */
export function allowList(entries: readonly string[]): AllowList {
  const networks = new BlockList();
  const names = new Set<string>();
  for (const entry of entries) {
    if (entry.includes('/')) addNetwork(networks, entry);
    else names.add(entry.toLowerCase());
  }
  const allows = (host: string, port: number, address: string): boolean => {
    const forms = [host.toLowerCase(), bare(host).toLowerCase(), address];
    if (forms.some((form) => names.has(form) || names.has(`${form}:${port}`))) return true;
    return networks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  };
  return { allows };
}

function addNetwork(list: BlockList, entry: string): void {
  const [network = '', bits = ''] = entry.split('/');
  const family = isIP(network);
  if (family === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 6 ? 128 : 32)) {
    throw invalidInput(`[${entry}] is no network, e.g. 10.1.0.0/16`, 'inputHosts');
  }
  list.addSubnet(network, Number(bits), family === 6 ? 'ipv6' : 'ipv4');
}

const closed = new BlockList();
for (const entry of [...closed4, ...closed6]) addNetwork(closed, entry);

/** An address in the open internet; an IPv4 address inside an IPv6 one is judged as what it is. */
export function isPublicAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return isPublicAddress(mapped);
  const family = isIP(address);
  if (family === 0 || /^::ffff:/i.test(address)) return false;
  return !closed.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** `[::1]` as `::1`. */
export function bare(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}

export interface Target {
  readonly host: string;
  readonly port: number;
}

/**
 * The address to connect to, out of all that the name stands for. Every one of them has to be open: a name that stands
 * for a public and a private address is refused as a whole. Throws InvalidInput naming `field`.
 */
export function chooseAddress(
  { host, port }: Target,
  addresses: readonly string[],
  allowed: AllowList,
  field: string,
): string {
  const [first] = addresses;
  const isOpen = addresses.every((each) => isPublicAddress(each) || allowed.allows(host, port, each));
  if (first === undefined || !isOpen) {
    throw invalidInput(
      `${field}: host[${host}] is not one that input may be read from; private addresses have to be allowed (inputHosts)`,
      field,
    );
  }
  return first;
}
