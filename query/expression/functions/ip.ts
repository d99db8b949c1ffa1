/** Functions on IP addresses: ipv4_match, ipv4_parse, ipv4_stringify, ipv6_match. */
import { argument, type ExprFunction, validationError } from '../function.js';
import { asLong, asString, bool, long, nullValue, string, type Value } from '../value.js';

const MAX_IPV4 = 0xffffffff;

/** Dotted decimal of four parts (leading zeros are decimal too) → unsigned 32-bit number. */
export function parseIpv4(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  let value = 0;
  for (const part of match.slice(1)) {
    const octet = Number(part);
    if (octet > 255) return undefined;
    value = value * 256 + octet;
  }
  return value;
}

function formatIpv4(value: number): string {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.');
}

/** Text → 128 bits. "::" once, an IPv4 tail, a zone is ignored; undefined when it is no IPv6 address. */
export function parseIpv6(text: string): bigint | undefined {
  const address = text.replace(/%[^%/:]+$/, '');
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  let groups = address;
  if (tail !== null) {
    const low = parseIpv4(tail[2] ?? '');
    if (low === undefined) return undefined;
    groups = `${tail[1] ?? ''}${(low >>> 16).toString(16)}:${(low & 0xffff).toString(16)}`;
  }
  const halves = groups.split('::');
  if (halves.length > 2) return undefined;
  const [left = [], right = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const given = [...left, ...right];
  if (!given.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  if (halves.length === 1 ? given.length !== 8 : given.length > 7) return undefined;
  const all = [...left, ...Array.from({ length: 8 - given.length }, () => '0'), ...right];
  return all.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

interface Subnet {
  readonly base: bigint;
  readonly bits: number;
}

/** "address/prefix". */
function parseSubnet(name: string, text: string, width: 32 | 128): Subnet {
  const [address = '', prefix, more] = text.split('/');
  const base = width === 32 ? parseIpv4(address) : parseIpv6(address);
  const bits = prefix !== undefined && /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
  if (base === undefined || more !== undefined || bits < 0 || bits > width) {
    throw validationError(`Function[${name}] subnet arg has an invalid format: ${text}`);
  }
  return { base: BigInt(base), bits: width - bits };
}

function within({ base, bits }: Subnet, address: bigint): boolean {
  return address >> BigInt(bits) === base >> BigInt(bits);
}

function subnetOf(name: string, constants: readonly (Value | undefined)[], width: 32 | 128): Subnet {
  const literal = constants[1];
  if (literal === undefined || literal.type !== 'STRING' || literal.value === null) {
    throw validationError(`Function[${name}] subnet must be a string literal`);
  }
  return parseSubnet(name, asString(literal) ?? '', width);
}

function ipv4Match(constants: readonly (Value | undefined)[]): (args: readonly Value[]) => Value {
  const subnet = subnetOf('ipv4_match', constants, 32);
  return (args) => {
    const value = argument(args, 0);
    if (value.value === null) return bool(false);
    const address = addressOf(value);
    return bool(address !== undefined && within(subnet, BigInt(address)));
  };
}

function addressOf(value: Value): number | undefined {
  if (value.type === 'STRING') return parseIpv4((asString(value) ?? '').trimStart());
  if (value.type !== 'LONG') return undefined;
  const number = asLong(value) ?? -1n;
  return number < 0n || number > BigInt(MAX_IPV4) ? undefined : Number(number);
}

function ipv6Match(constants: readonly (Value | undefined)[]): (args: readonly Value[]) => Value {
  const subnet = subnetOf('ipv6_match', constants, 128);
  return (args) => {
    const value = argument(args, 0);
    const address = value.type === 'STRING' ? parseIpv6(asString(value) ?? '') : undefined;
    return bool(address !== undefined && within(subnet, address));
  };
}

function ipv4Parse(args: readonly Value[]): Value {
  const value = argument(args, 0);
  if (value.value === null) return nullValue;
  const address = addressOf(value);
  return long(address === undefined ? null : BigInt(address));
}

/** Text that is an address stays as it is. */
function ipv4Stringify(args: readonly Value[]): Value {
  const value = argument(args, 0);
  if (value.value === null) return nullValue;
  const address = addressOf(value);
  if (address === undefined) return nullValue;
  return value.type === 'STRING' ? value : string(formatIpv4(address));
}

export const ipFunctions: readonly ExprFunction[] = [
  { name: 'ipv4_match', arity: [2, 2], prepare: ipv4Match },
  { name: 'ipv6_match', arity: [2, 2], prepare: ipv6Match },
  { name: 'ipv4_parse', arity: [1, 1], apply: ipv4Parse },
  { name: 'ipv4_stringify', arity: [1, 1], apply: ipv4Stringify },
];
