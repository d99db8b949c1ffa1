import { expect } from 'chai';
import { grove } from '../proto/gen/messages.js';
import { createArena } from '../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../segment/kernels/load.js';
import { kernelCompressor } from './engine/block-compressor.js';
import { decodeFrame, encodeFrame } from './frame-codec.js';
import type { Frame } from './frame.js';

const Wire = grove.query.v1.Frame;
const compressor = kernelCompressor(
  instantiateKernels(compileKernels(), createArena({ maximumBytes: 1 << 26 })),
);
const dictionary = { bytes: new TextEncoder().encode('abcé'), ends: Uint32Array.of(1, 3, 5) };

const sample: Frame = {
  rows: 3,
  columns: [
    {
      name: 'l',
      type: 'LONG',
      values: BigInt64Array.of(1n, -(2n ** 63n), 9007199254740993n),
      nulls: Uint8Array.of(1),
    },
    { name: 'd', type: 'DOUBLE', values: Float64Array.of(1.5, -0, Number.NaN) },
    { name: 'f', type: 'FLOAT', values: Float32Array.of(0.1, 2, 3) },
    { name: 's', type: 'STRING', values: Uint32Array.of(0, 2, 0), nulls: Uint8Array.of(4), dictionary },
    {
      name: 'a',
      type: 'STRING_ARRAY',
      offsets: Uint32Array.of(0, 2, 2, 3),
      values: Uint32Array.of(0, 0xffffffff, 1),
      dictionary,
    },
    { name: 'c', type: 'COMPLEX', complexType: 'hyperUnique', values: Uint32Array.of(0, 1, 2), dictionary },
  ],
};

/** Through the bytes of the wire. */
const onWire = (frame: Frame, packed = false) =>
  Wire.decode(Wire.encode(encodeFrame(frame, packed ? compressor : undefined)).finish());
/** The same with other fields. */
const changed = <T extends object>(message: T, change: object): T =>
  Object.assign(Object.create(null) as T, message, change);

describe('frame codec', () => {
  it('round-trips every type', () => {
    expect(decodeFrame(onWire(sample))).to.deep.equal(sample);
    expect(decodeFrame(onWire({ rows: 0, columns: [] }))).to.deep.equal({ rows: 0, columns: [] });
  });

  it('packs large frames', () => {
    const large: Frame = {
      rows: 20_000,
      columns: [
        { name: 'l', type: 'LONG', values: BigInt64Array.from({ length: 20_000 }, (_, i) => BigInt(i >> 4)) },
      ],
    };
    const wire = onWire(large, true);
    expect(wire.codec).to.equal(Wire.Codec.LZ4);
    expect(wire.packed.length).to.be.lessThan(100_000);
    expect(decodeFrame(wire, compressor)).to.deep.equal(large);
    expect(() => decodeFrame(wire)).to.throw('no decoder');
    expect(() => decodeFrame(changed(wire, { packedBytes: wire.packedBytes - 1 }), compressor)).to.throw(
      'corrupt',
    );
    expect(() => decodeFrame(changed(wire, { packed: wire.packed.slice(0, 50) }), compressor)).to.throw(
      'corrupt',
    );
    expect(() => decodeFrame(changed(wire, { packedBytes: 0xffffffff }), compressor)).to.throw('exceeds');
    expect(() => decodeFrame(changed(wire, { rows: 5 }), compressor)).to.throw('rows differ');
  });

  it('refuses columns that are not what they say', () => {
    const broken = (column: number, change: object): (() => Frame) => {
      const wire = onWire(sample);
      const columns = wire.columns.map((one, i) => (i === column ? changed(one, change) : one));
      return () => decodeFrame({ rows: 3, columns });
    };
    const bytes = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
    expect(broken(0, { values: new Uint8Array(23) })).to.throw('column[l] has bad values');
    expect(broken(0, { nulls: new Uint8Array(2) })).to.throw('column[l] has bad nulls');
    expect(broken(1, { type: 77 })).to.throw('unknown type');
    expect(broken(2, { values: new Uint8Array(16) })).to.throw('column[f] has bad values');
    expect(broken(3, { values: bytes(0, 3, 0) })).to.throw('column[s] has bad values');
    expect(broken(3, { dictionaryEnds: bytes(1, 0, 5) })).to.throw('bad dictionary_ends');
    expect(broken(3, { dictionaryEnds: bytes(1, 3, 6) })).to.throw('bad dictionary_ends');
    expect(broken(3, { dictionaryEnds: new Uint8Array(5) })).to.throw('bad dictionary_ends');
    expect(broken(4, { offsets: bytes(0, 2, 1, 3) })).to.throw('column[a] has bad offsets');
    expect(broken(4, { offsets: bytes(0, 2, 2, 9) })).to.throw('column[a] has bad offsets');
    expect(broken(4, { offsets: bytes(0, 3) })).to.throw('column[a] has bad offsets');
    expect(broken(4, { values: bytes(0, 7, 1) })).to.throw('column[a] has bad values');
    expect(broken(5, { name: 'l' })).to.throw('there twice');
  });
});
