import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import { JsonKeys } from '../spec/keys.js';
import { checkFormat } from './format-kinds.js';
import type { RandomAccess } from './format.js';
import type { InputRow } from './row-reader.js';

/** Three rows each, written by other programs (pyarrow: snappy; fastavro: deflate). */
const parquet = Buffer.from(
  'UEFSMRUEFTAVNEwVBhUAEgAAGFwA6GZebwEAAOjrZl5vAQAA0O9mXm8BAAAVABUUFRgsFQYVEBUGFQYcAAAACiQCAAAABgECAyQAFQQVFhUaTBUEFQASAAALKAIAAADDqQEAAAB4FQAVEhUWLBUGFRAVBhUGHAAAAAkgAgAAAAMGAQMCFQQVMBUyTBUGFQASAAAYBAEAAQFEIAD//////////wAAAAAAAAAAFQAVFBUYLBUGFRAVBhUGHAAAAAokAgAAAAYBAgMkABUEFTAVLEwVBhUAEgAAGAAABQEE4D8FBygA8D8AAAAAAAAAQBUAFRQVGCwVBhUQFQYVBhwAAAAKJAIAAAAGAQIDJAAVBBUwFSxMFQYVABIAABgAAA0BPAEAAAAAAAAAAgAAAAAAAAAVABUUFRgsFQYVEBUGFQYcAAAACiQCAAAABgICAyQAFQQVFBUYTBUEFQASAAAKJAEAAABhAQAAAGIVABUgFSQsFQgVEBUGFQYcAAAAEDwCAAAAAwIDAAAAAx8AAQMCFQQZrDUAGAZzY2hlbWEVDAAVBCUCGAJ0cyUSTIwSHBwAAAAAABUMJQIYAXMlAEwcAAAAFQQlAhgBbAAVCiUCGAFkADUCGAJzdBUCABUEJQIYAXgANQIYBHRhZ3MVAhUGTDwAAAA1BBgEbGlzdBUCABUMJQIYB2VsZW1lbnQlAEwcAAAAFgYZHBlsJgAcFQQZNQAGEBkYAnRzFQIWBhaGARaOASZYJggpLBUEFQAVAgAVABUQFQIAPCkGGSYABgAAACYAHBUMGTUABhAZGAFzFQIWBhZqFnImzAEmlgEpLBUEFQAVAgAVABUQFQIAPBYGGQYZJgIEAAAAJgAcFQQZNQAGEBkYAWwVAhYGFoYBFowBJtYCJogCKSwVBBUAFQIAFQAVEBUCADwpBhkmAAYAAAAmABwVChk1AAYQGRgBZBUCFgYWhgEWhgEm3AMmlAMpLBUEFQAVAgAVABUQFQIAPCkGGSYABgAAACYAHBUEGTUABhAZKAJzdAF4FQIWBhaGARaGASbiBCaaBCksFQQVABUCABUAFRAVAgA8KQYZNgAABgAAACYAHBUMGTUABhAZOAR0YWdzBGxpc3QHZWxlbWVudBUCFggWdhZ+JtQFJqAFKSwVBBUAFQIAFQAVEBUCADwWBBkmBgIZRgICAAQAAAAW+AUWBiYIFpYGACggcGFycXVldC1jcHAtYXJyb3cgdmVyc2lvbiAyNi4wLjEZbBwAABwAABwAABwAABwAABwAAAAzAgAAUEFSMQ==',
  'base64',
);
const avro = Buffer.from(
  'T2JqAQQUYXZyby5jb2RlYw5kZWZsYXRlFmF2cm8uc2NoZW1h1Ax7InR5cGUiOiAicmVjb3JkIiwgIm5hbWUiOiAiUiIsICJuYW1lc3BhY2UiOiAibiIsICJmaWVsZHMiOiBbeyJuYW1lIjogInQiLCAidHlwZSI6IHsidHlwZSI6ICJsb25nIiwgImxvZ2ljYWxUeXBlIjogInRpbWVzdGFtcC1taWNyb3MifX0sIHsibmFtZSI6ICJzIiwgInR5cGUiOiBbIm51bGwiLCAic3RyaW5nIl19LCB7Im5hbWUiOiAibCIsICJ0eXBlIjogImxvbmcifSwgeyJuYW1lIjogImQiLCAidHlwZSI6ICJkb3VibGUifSwgeyJuYW1lIjogImYiLCAidHlwZSI6IFsibnVsbCIsICJmbG9hdCJdfSwgeyJuYW1lIjogImIiLCAidHlwZSI6ICJib29sZWFuIn0sIHsibmFtZSI6ICJlIiwgInR5cGUiOiB7InR5cGUiOiAiZW51bSIsICJuYW1lIjogIkUiLCAic3ltYm9scyI6IFsiQSIsICJCIl19fSwgeyJuYW1lIjogImFyciIsICJ0eXBlIjogeyJ0eXBlIjogImFycmF5IiwgIml0ZW1zIjogInN0cmluZyJ9fSwgeyJuYW1lIjogIm0iLCAidHlwZSI6IHsidHlwZSI6ICJtYXAiLCAidmFsdWVzIjogImxvbmcifX0sIHsibmFtZSI6ICJyIiwgInR5cGUiOiB7InR5cGUiOiAicmVjb3JkIiwgIm5hbWUiOiAiSW4iLCAiZmllbGRzIjogW3sibmFtZSI6ICJ4IiwgInR5cGUiOiAiaW50In0sIHsibmFtZSI6ICJuZXh0IiwgInR5cGUiOiBbIm51bGwiLCAiSW4iXX1dfX0sIHsibmFtZSI6ICJieSIsICJ0eXBlIjogImJ5dGVzIn0sIHsibmFtZSI6ICJ1IiwgInR5cGUiOiBbIm51bGwiLCAic3RyaW5nIiwgImxvbmciXX0sIHsibmFtZSI6ICJmeCIsICJ0eXBlIjogeyJ0eXBlIjogImZpeGVkIiwgIm5hbWUiOiAiRiIsICJzaXplIjogMn19XX0AMDEyMzQ1Njc4OWFiY2RlZgbaAWtouDR/xqGzrAwIwMjAwMSUzQAiGVgY/jMxVWRkNnSeWQBSxsRVZqhweGVLAxgoQDQ8sGcCkvZA9UyJIK1MDIwQrSxMQJ2Tji2E6jQC6uye9IURousDRBcjAwtTIlMSSB8LAzNEH0NGJgAtyiMwMTIzNDU2Nzg5YWJjZGVm',
  'base64',
);

/** Written by pyarrow: LZ4, times of 96 bits, decimals, dates, maps, lists of structures. */
const parquetLz4 = Buffer.from(
  'UEFSMRUAFTwVQCwVBhUAFQYVBhwAAADwDwIAAAADBQAvaFkAAAAA4oQlAAA2tFWUTgAAiz0lABUAFTAVKiwVBhUAFQYVBhwAAABzAgAAAAMDAAEAoB7//////7Zp/S0VABUeFSIsFQYVABUGFQYcAAAA8AACAAAABgEAAG4AASwAAAcVABUcFR4sFQYVABUGFQYcAAAA4AIAAAADBVdHAAD/////FQAVJBUkLBUGFQAVBhUGHAAAAGACAAAAAwUGAIBoaQIAAAD/ABUAFS4VLiwVCBUAFQYVBhwAAABwAgAAAAMCAwYAwBoAAQAAAGEBAAAAYhUAFToVNCwVCBUAFQYVBhwAAABwAgAAAAMCAwYAQh8AAQABAIACAAAAAAAAABUAFSQVKCwVCBUAFQYVBhwAAADwAwIAAAADAgQAAAADHAIAAQAAABUAFTwVMiwVBhUAFQYVBhwAAACCAgAAAAYBAQABABIFBwCQgP//////////FQAVPBVALBUGFQAVBhUGHAAAAPAPAgAAAAMDAMpbBwAAAADihCUAGPxOkZROAACLPSUAFQQZ/BA1ABgGc2NoZW1hFRIAFQYlAhgDaTk2ABUOFRIVAhgDZGVjJQoVBBUoLFwVBBUoAAAAFQ4VBhUCGANkMzIlChUEFQosXBUEFQoAAAAVAiUCGANkYXklDExsAAAAFQwlAhgDYmluADUCGAFtFQIVAkwsAAAANQQYCWtleV92YWx1ZRUEABUMJQAYA2tleSUATBwAAAAVBCUCGAV2YWx1ZQA1AhgBbBUCFQZMPAAAADUEGARsaXN0FQIANQIYB2VsZW1lbnQVAgAVAiUCGAF4ABUEJQIYAXUlHEysE0ASAAAAFQYlAhgCdXMAFgYZHBmsJgAcFQYZJQYAGRgDaTk2FQ4WBhZiFmYmCEkcFQAVABUCADwpBhkmAgQAAAAmABwVDhklBgAZGANkZWMVDhYGFlYWUCZuSRwVABUAFQIAPCkGGSYCBAAAACYAHBUOGSUGABkYA2QzMhUOFgYWRBZIJr4BSRwVABUAFQIAPCkGGSYABgAAACYAHBUCGSUGABkYA2RheRUOFgYWQhZEJoYCSRwVABUAFQIAPCkGGSYCBAAAACYAHBUMGSUGABkYA2JpbhUOFgYWShZKJsoCSRwVABUAFQIAPBYIGQYZJgIEAAAAJgAcFQwZJQYAGTgBbQlrZXlfdmFsdWUDa2V5FQ4WCBZUFlQmlANJHBUAFQAVAgA8FgQZJgYCGTYCAgQAAAAmABwVBBklBgAZOAFtCWtleV92YWx1ZQV2YWx1ZRUOFggWYBZaJugDSRwVABUAFQIAPCkmBgIZRgICAAQAAAAmABwVAhklBgAZSAFsBGxpc3QHZWxlbWVudAF4FQ4WCBZKFk4mwgRJHBUAFQAVAgA8KSYGAhlWAgIAAgIAAAAmABwVBBklBgAZGAF1FQ4WBhZiFlgmkAVJHBUAFQAVAgA8KQYZJgAGAAAAJgAcFQYZJQYAGRgCdXMVDhYGFmIWZiboBUkcFQAVABUCADwpBhkmAgQAAAAWygYWBiYIFsYGACggcGFycXVldC1jcHAtYXJyb3cgdmVyc2lvbiAyNi4wLjEZrBwAABwAABwAABwAABwAABwAABwAABwAABwAABwAAAA1AwAAUEFSMQ==',
  'base64',
);

/** A descriptor set and a message of it, written by protobufjs. */
const descriptor =
  'Cr0EChVnb29nbGVfcHJvdG9idWYucHJvdG8SD2dvb2dsZS5wcm90b2J1ZiIrCglUaW1lc3RhbXASDwoHc2Vjb25kcxgBIAEoAxINCgVuYW5vcxgCIAEoBSIqCghEdXJhdGlvbhIPCgdzZWNvbmRzGAEgASgDEg0KBW5hbm9zGAIgASgFIhwKC0RvdWJsZVZhbHVlEg0KBXZhbHVlGAEgASgBIlEKBlN0cnVjdBIWCgZmaWVsZHMYASADKAsyBkZpZWxkcxovCgZGaWVsZHMSCwoDa2V5GAEgASgJEhQKBXZhbHVlGAIgASgLMgVWYWx1ZToCOAEi/wEKBVZhbHVlEioKCm51bGxfdmFsdWUYASABKA4yCU51bGxWYWx1ZUgAUgludWxsVmFsdWUSIwoMbnVtYmVyX3ZhbHVlGAIgASgBSABSC251bWJlclZhbHVlEiMKDHN0cmluZ192YWx1ZRgDIAEoCUgAUgtzdHJpbmdWYWx1ZRIfCgpib29sX3ZhbHVlGAQgASgISABSCWJvb2xWYWx1ZRIrCgxzdHJ1Y3RfdmFsdWUYBSABKAsyBlN0cnVjdEgAUgtzdHJ1Y3RWYWx1ZRIqCgpsaXN0X3ZhbHVlGAYgASgLMglMaXN0VmFsdWVIAFIJbGlzdFZhbHVlQgYKBGtpbmQiIgoJTGlzdFZhbHVlEhUKBnZhbHVlcxgBIAMoCzIFVmFsdWUqGwoJTnVsbFZhbHVlEg4KCk5VTExfVkFMVUUQAGIGcHJvdG8zCtwECgpzaG9wLnByb3RvEgRzaG9wIjcKBEl0ZW0SCwoDc2t1GAEgASgJEg4KBnBpZWNlcxgCIAEoDRISCgRwYXJ0GAMgASgLMgRJdGVtIukDCgVPcmRlchIlCgJhdBgBIAEoCzIZZ29vZ2xlLnByb3RvYnVmLlRpbWVzdGFtcBIZCghvcmRlcl9pZBgCIAEoA1IHb3JkZXJJZBINCgVwcmljZRgDIAEoARIOCgZ3ZWlnaHQYBCABKAISDAoEcGFpZBgFIAEoCBILCgNyYXcYBiABKAwSFAoFY29sb3IYByABKA4yBUNvbG9yEhMKBWl0ZW1zGAggAygLMgRJdGVtEhQKBXN0b2NrGAkgAygLMgVTdG9jaxIOCgZkZWx0YXMYCiADKBESCwoDYmlnGAsgASgEEi0KCGRpc2NvdW50GAwgASgLMhtnb29nbGUucHJvdG9idWYuRG91YmxlVmFsdWUSJQoFZXh0cmEYDSABKAsyFmdvb2dsZS5wcm90b2J1Zi5TdHJ1Y3QSJgoEdG9vaxgOIAEoCzIYZ29vZ2xlLnByb3RvYnVmLkR1cmF0aW9uEhMKBHplcm8YDyABKAVCAEgAiAEBEg4KBm5vdWdodBgQIAEoBRIKCgJmeBgRIAEoEBIMCgR0YWdzGBIgAygJEgoKAnN6GBMgASgSEgsKA2YzMhgUIAEoBxonCgVTdG9jaxILCgNrZXkYASABKAkSDQoFdmFsdWUYAiABKAM6AjgBQgcKBV96ZXJvKhsKBUNvbG9yEgcKA1JFRBAAEgkKBUdSRUVOEAFiBnByb3RvMw==';
const order = Buffer.from(
  'CgsIgMKv8AUQgOWadxCBgICAgICAEBkAAAAAAAAAQCUAAAA/KAEyAmhpOAFCDgoBYRCA0KzzDhoDCgFiQgMKAWNKBQoBeBABSg4KAXkQ/v//////////AVIEAgHYBFj///////////8BYgBqKwoOCgFrEgkRAAAAAAAA+D8KBwoBbhICCAAKEAoBbBILMgkKAxoBcwoCIAFyFgj9//////////8BEIC2ypH+/////wF4AIkB+f////////+SAQFwkgEBcZgBEaUB/////w==',
  'base64',
);

function fileOf(bytes: Uint8Array): RandomAccess {
  const slice = (start: number, end: number): Promise<Uint8Array> => {
    if (start < 0 || end > bytes.length) return Promise.reject(new CodedError('InvalidInput', 'cut short'));
    return Promise.resolve(Uint8Array.from(bytes.subarray(start, end)));
  };
  return { sizeBytes: bytes.length, slice };
}

async function rowsOf(
  json: object,
  bytes: Uint8Array,
  names?: string[],
  inputDirs: readonly string[] = [],
): Promise<InputRow[]> {
  const format = checkFormat(new JsonKeys(json, 'inputFormat'));
  if (format.by !== 'file') throw new Error('no file format');
  const wanted = { names: new Set(names ?? []), others: names === undefined };
  const all: InputRow[] = [];
  for await (const rows of format.rows(fileOf(bytes), wanted, { inputDirs })) {
    for (const row of rows) if (typeof row !== 'string') all.push(row);
  }
  return all;
}

/** Every way to damage the file gives rows or an error of the table, nothing else. */
async function survivesDamage(json: object, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; at += 7) {
    const damaged = Uint8Array.from(bytes);
    damaged[at]! ^= 0x41;
    for (const form of [damaged, bytes.subarray(0, at)]) {
      const thrown: unknown = await rowsOf(json, form).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (thrown !== undefined) expect(thrown, String(at)).instanceOf(CodedError);
    }
  }
}

describe('formats that need the whole file', () => {
  it('parquet: types, nested values, paths, projection', async () => {
    const rows = await rowsOf({ type: 'parquet' }, parquet);
    expect(rows.map((row) => row.fields)).deep.equal([
      { ts: 1_577_836_800_000, s: null, l: 9_007_199_254_740_993n, d: 0.5, st: { x: 0 }, tags: ['a', 'b'] },
      { ts: 1_577_836_801_000, s: 'é', l: -1, d: 1, st: { x: 1 }, tags: [] },
      { ts: 1_577_836_802_000, s: 'x', l: 0, d: 2, st: { x: 2 }, tags: null },
    ]);
    expect([rows[1]?.doubleText('d'), rows[1]?.doubleText('l')]).deep.equal(['1.0', undefined]);
    const flattenSpec = { fields: [{ type: 'path', name: 'x', expr: '$.st.x' }] };
    const flat = await rowsOf({ type: 'parquet', flattenSpec }, parquet);
    expect(flat.map((row) => row.fields['x'])).deep.equal([0, 1, 2]);
    const some = await rowsOf({ type: 'parquet' }, parquet, ['s']);
    expect(some.map((row) => row.fields)).deep.equal([{ s: null }, { s: 'é' }, { s: 'x' }]);
    expect(await rowsOf({ type: 'parquet' }, parquet, ['nosuch'])).length(3);
  });

  it('parquet: LZ4 pages, times of 96 bits, decimals, maps', async () => {
    const flattenSpec = {
      fields: [
        { type: 'path', name: 'mb', expr: '$.m.b' },
        { type: 'path', name: 'lx', expr: '$.l[0].x' },
      ],
    };
    const rows = await rowsOf({ type: 'parquet', binaryAsString: true, flattenSpec }, parquetLz4);
    const names = ['i96', 'dec', 'd32', 'day', 'us', 'u', 'mb', 'lx'];
    expect(rows.map((row) => names.map((name) => row.fields[name]))).deep.equal([
      [1_577_836_801_500, 0.3, 1.1, 1_577_923_200_000, 1_577_836_800_123, 1, 2, 1],
      [null, -12_345_678.91, 3, null, 0, 2n ** 63n + 5n, null, null],
      [-1000, null, 0.07, -86_400_000, null, 2n ** 64n - 1n, null, null],
    ]);
    expect([rows[0]?.fields['bin'], rows[1]?.doubleText('d32')]).deep.equal(['hi', '3.0']);
    const [first] = await rowsOf({ type: 'parquet' }, parquetLz4);
    expect(first?.fields)
      .include({ bin: 'aGk=' })
      .deep.include({ m: { a: 1, b: 2 } });
    await survivesDamage({ type: 'parquet' }, parquetLz4);
  });

  it('avro: types, unions, logical types, records inside themselves', async () => {
    const rows = await rowsOf({ type: 'avro_ocf' }, avro);
    const columns = ['t', 's', 'l', 'd', 'f', 'b', 'e', 'arr', 'm', 'r', 'by', 'u', 'fx'];
    const inner = (x: number): object => ({ x, next: { x: 1, next: null } });
    expect(rows.map((row) => columns.map((name) => row.fields[name]))).deep.equal([
      [1_577_836_800_000, null, 0, 0, null, true, 'A', [], { k: 0 }, inner(0), 'AP8=', 'x', 'aGk='],
      [
        1_577_836_801_000,
        'v1 é',
        9_007_199_254_740_994n,
        0.5,
        0.5,
        false,
        'B',
        ['a'],
        { k: 1 },
        inner(-1),
        'AP8=',
        1,
        'aGk=',
      ],
      [
        1_577_836_802_000,
        'v2 é',
        -2_000_006,
        1,
        0.5,
        true,
        'A',
        ['a', 'b'],
        { k: 2 },
        inner(-2),
        'AP8=',
        null,
        'aGk=',
      ],
    ]);
    expect(rows[2]?.doubleText('d')).equal('1.0');
    const tagged = await rowsOf({ type: 'avro_ocf', extractUnionsByType: true, binaryAsString: true }, avro);
    expect(tagged.map((row) => row.fields['u'])).deep.equal([{ string: 'x' }, { long: 1 }, null]);
    expect(tagged[0]?.fields['fx']).equal('hi');
  });

  it('damaged files are errors that can be told', async () => {
    await survivesDamage({ type: 'parquet' }, parquet);
    await survivesDamage({ type: 'avro_ocf' }, avro);
  });

  it('protobuf: a message a file, as its descriptor says', async () => {
    const inline = { type: 'inline', descriptorString: descriptor, protoMessageType: 'shop.Order' };
    const format = { type: 'protobuf', protoBytesDecoder: inline };
    const [row] = await rowsOf(format, order);
    expect(row?.fields).deep.equal({
      at: '2020-01-01T00:00:00.250Z',
      orderId: 9_007_199_254_740_993n,
      price: 2,
      weight: 0.5,
      paid: true,
      raw: 'aGk=',
      color: 'GREEN',
      // Java has no unsigned numbers, and Druid shows what Java has.
      items: [{ sku: 'a', pieces: 4_000_000_000 | 0, part: { sku: 'b' } }, { sku: 'c' }],
      stock: { x: 1, y: -2 },
      deltas: [1, -1, 300],
      big: -1,
      discount: 0,
      extra: { k: 1.5, n: null, l: ['s', true] },
      took: '-3.500s',
      zero: 0,
      fx: -7,
      tags: ['p', 'q'],
      sz: -9,
      f32: -1,
    });
    expect([row?.doubleText('price'), row?.doubleText('zero')]).deep.equal(['2.0', undefined]);
    const flattenSpec = {
      useFieldDiscovery: false,
      fields: ['tags', { type: 'path', name: 'sku', expr: '$.items[1].sku' }],
    };
    const [flat] = await rowsOf({ ...format, flattenSpec }, order, ['tags', 'sku']);
    expect(flat?.fields).deep.equal({ tags: ['p', 'q'], sku: 'c' });
    await survivesDamage(format, order);
  });

  it('protobuf: descriptor files lie where input may be read', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'descriptor-'));
    try {
      writeFileSync(join(dir, 'shop.desc'), Buffer.from(descriptor, 'base64'));
      const format = (path: string, protoMessageType = 'Order'): object => ({
        type: 'protobuf',
        protoBytesDecoder: { type: 'file', descriptor: path, protoMessageType },
      });
      const url = `file://${join(dir, 'shop.desc')}`;
      expect(await rowsOf(format(url), order, undefined, [dir])).length(1);
      expect(await rowsOf(format('shop.desc'), order, undefined, [dir])).length(1);
      const noSuchType = format(url, 'Nosuch');
      for (const [bad, dirs] of [
        [format(url), []],
        [format('nosuch.desc'), [dir]],
        [noSuchType, [dir]],
      ] as const) {
        const thrown: unknown = await rowsOf(bad, order, undefined, dirs).catch((error: unknown) => error);
        expect(thrown).instanceOf(CodedError).include({ code: 'InvalidInput' });
        const field =
          bad === noSuchType ? /protoBytesDecoder\.protoMessageType/ : /protoBytesDecoder\.descriptor/;
        expect(String(thrown)).match(field);
      }
      for (const descriptorString of ['AAAA', '']) {
        const inline = { type: 'protobuf', protoBytesDecoder: { type: 'inline', descriptorString } };
        expect(() => checkFormat(new JsonKeys(inline, 'f'))).throw(
          CodedError,
          /protoBytesDecoder\.descriptorString/,
        );
      }
      expect(() => checkFormat(new JsonKeys(format('http://x/y.desc'), 'f'))).throw(CodedError, /descriptor/);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
