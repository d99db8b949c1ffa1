import { Readable } from 'node:stream';
import { expect } from 'chai';
import { gzipSync } from 'node:zlib';
import { CodedError } from '../../proto/errors.js';
import { HEAD_BYTES, unpacked, unpackedBytes } from './unpack.js';

/** What the packed samples hold. */
const text = Array.from(
  { length: 200 },
  (_, i) => `{"line":${i},"text":"${'a'.repeat(Math.min(10, i % 11))}${'bc'.repeat(i % 3)}"}\n`,
).join('');

const samples: Readonly<Record<string, string>> = {
  gzip: gzipSync(text).toString('base64'),
  bzip2:
    'QlpoOTFBWSZTWcdIUkIACjXZgH8QEAR/8DolBEpQA15xhAATCIxT20qoaABtQBjAATAAEwafqqYh5VUA/VPUAAYwAEwABMClKRBppmoABmp7qq2EXxXQRfgi0gWwi1EX75c80cMeON+W7HHHLLXG/HPGmujhjdktVppLVaWm03fUtLTirS00rxLS0631LS0tXacTiuJxNovqWmktVpabVaWlpfOp0lppVpaWraWlp+X8/X7c/HX5468pJGYwEAYJoEIBJzMiYIBtoW5lAk0mhAVMgAJACTmZBgANtIN1QJPMbACZkDgAAMx3bu8BMHjYm2JY22220mAA8bD37CuFzvwyX77mpK60uXZcu3l5vOiVCSiVCqhJRVQqoVUKqEqc63yZhkzD328jogiIA1rWZMmYZMyZms2REEAda61mYZMx77k3mbAiIIO9c125mTML8u8l4AQREd63O5vjMmTMmZr30AiII61zMOTvMx77k3nnoAERHmud+MmenuX5d5PPIAAg71udzMMnvrMmZzkQAER9SSVJX4VVVVAQkISSSQEQJVVVKklSEEAIIEQogQkKIiiE+74+PkbfHxPG30+mlur6tpaWtta2nd9WtxOLW2tbXOuNOJxpa1tt31a3EtbTxa3W+nt7e4vb291mZWTlMdAqgJAoAvZIF3e7uQKCeALsKC6A+ta1ERr9iI1Ea5iI0XURcRF1EWwi0EXQRbCLQRf4u5IpwoSGOkKSEA==',
  xz: '/Td6WFoAAAFpIt42AgAhARwAAAAQz1jM4Bb2AmZdAD2IiYbUH0W+ffPn5J1J3pRK25UDCn7sveLvJE6NjRk2Wln+bY9+hadJ/TZvHBJ6NZtmtQVeshCJcACWI4Shr6YO/q2mttbELE0HH/AOpMnd3XorR2Zaq46C+ckwrf050F/KhxDu09Y88UMQSZ5ybcblVXFrXoJdolbrPJo2PtkKTckzAlEpv6mcd44cD+VEU+q4jz3B2jl6pwgfuM176E5WPXLS8rPhquwPCK99fKsequ7XilPRXo7FXANvjmJQsb4eZghRbNcf9UAHLQnt2ZatwZoDK5VQRoO2ZDf4+wtPLXQ1pwPMUnEIm3kcIctV51Nys/68cp+mnFNSatBOamGfb2pIq0SJ934uJFRiLMxkULK1msxJB4UYmxfXegUcMVJ2NcMIeVEAJkFtak2/eCfp+4/mYNNC19NbSBTPtEA9vD9aFs9eVO7fIqYlt30WGYyAM4tOPtok0XuKVs9MRDy6vmxdVqNjSf7n8QbHh5nLwdbt1XCSnWulr587Q9XjfcPWYEzMpuJ15y6TufMDpXwNHuXuxwWLClXlQPTizAHoG0OqzrV0sI5vft0EXEl1qIeTc8WAyzx5kKJC28K4WGlvjx1dV1dbB2iA5QMl4HTgOKQclQL5/yMzeFWugg/3eyMAbqYdY2DrqkMtVYn199PVej8jTpwL/VXQyID/N4reG+ndW5Mt9gPBO5BRRtmU1qE4Ea0nJbPmWELA9h3IyXtw/yx9ansAxHcUIBWGxayQQuVLl6gOqeRl3wHcssC0Vh9NpvaIbrjS70RpEYXHFTCmOMZppf9Y4r2yXa0Jmlh6cpcu1f4ZAAAAmbYVgQAB/gT3LQAA2fFpMj4wDYsCAAAAAAFZWg==',
  zstd: 'KLUv/QRo3REA5to4FLBpOY+XJiX7ITORMqWUpPShM8GBPAAvAC8AZafSNVoknmZJDoVjsIbm4w5HZhNTdJcjMgkpusuRbbGiuxwYKSAYGEDD4SBwUFgwUDgEhMDBIOEA4cAQa4yxiUlssYhVUb1cLdaU1CqqiOhkKpGGhEZBdfrv9/xcvsfL5Nuu6bF4Dlepr9tmSQ6FY7CG5uPpcGZktlnMSkayyyyrjLKRiWyykNVG2zdv3bjNJtu22CpGscccAVVUL1eLNSW1iioiOplKpCGhUVCd/vs9P5fv8TL5tmt6LJ7DVerrtuxUukaLxDOA6qiRILX330AliUjhIgiMYFAYHsIwFIQwDEVxIAmSUkpn9bQHrQIWkLAYifAD3fgA9einy3ZkCxOZyB0gpqmACkgDJyhnpM0HIp/4tXyJrThgg16GhB8B8F2+G+Idmu6acOezXRztRLKLBTuQ65qxDqS6VqjjmS6KdCzRtYGO5bkuztE0Fw1zYpYrRDmV5AJBTuW4IMaRFJeFODjDJREOJTgu/AUp43MRAyfQ4glr2UOj4kAFVEAyuEBx8AdEzYcLLDADq0OZbVyKjoQW4AK/Kb4FeyN4y3aDSbckNya4pZceNNOcix/ra8D3AV3x9bXoOYsXbaN/yhbeWcGofCkrvrXtfN9bNtFE8RnzXYDJ+3e1W9f+rn7tjvhTOvqP0MEq3kEXfmXwX8EuBsrykBHFFMDjn3dxV9duf371fZyK23oe8YXhY1+YO0OOgZXvC0sxvXHKqqPr5G4=',
  zip: 'UEsDBBQAAAAIABIYdl2ZthWB8wIAAPcWAAAMABwAc2FtcGxlLmpzb25sVVQJAAPTWgJr01oCa3V4CwABBAAAAAAEAAAAAG2YO24bQRAFcx+DsQPucj+kbiMbCgwYjhQYEHx3KzDMqvc67ZrpAQotbj99XH7++PV2ebl+vby//X6/vFwuf758/Csu/4uv376jvj7rn0DoBvSK+sa6u+1C2fAwZc8zkNvek2bnRx1g8+Xa2A8sTz3ReYEglm/yRiI92c2CSI5UR5h6sm0JImw5noDBTvRfl0Eg+Qp9rN84dUbUxPpufURHDJ5pOCJKPb5YfvLvoAWRDm58fR2nz2eeoljdqI9g1/SZyRLBGfrI7jl9xqmIvwZlR1e31hPNt8EP8W3UxxMbps8Enlg+pI/k9PQZWhLJI/XxNzEFRdu9DBG2HF8e7GT/bRBIvkMf6wenz4iaWL9bH9Ejps9fhnBElHp8sfxk5xZEOrjx9X2cPp95imL1pD6Cu6bPTJb4fbyGPrIlp884FZGVHV9tPdl88EOcn/x+4sT0mcATyw/p45Zw9fQZWhLJmvoIU1C2LUOELceXBzvZvxajeOIOfaw/OH3elaiJ9cX6iNaYPtNwRJR6fLH8ZOcWRDq48fXeG/uJpyhtjFf6E1k0fwElSuQWCgW3HMHgKUqwJMXl1lT9B1Hiw36dC/QVgxgIxlR39hC6eRaDWpdQJRDRVFWdy5XolEN0YPBUeWIKIzrALCKwciaDUZhAxBGxPWYycNgS60QiXKaqeatSvBpDiU5MmSRfwe6tsnKJyKaZDChfIhlNBM+cyeApS3BIJ0qbLSr7Dyu4npgW8HzlhpkMBGOqO6MIHZ7JoNYlVDFFNFVV+C5XolNS0YHBUz0xpRUdYFgR2DmTwShMIPKK2D1mMnDYIst1PDrXSl7Ney13/zG16MQUWuqVpzKVFVxETs1kQPkSyexCGJt5tc3tXJ1rN8/mLar6D6bE5wSjIwdmMhCMqe4QI/TwTMZ/qqxLqHKMaKqqzuVKdIoyOjB4qiemOKMDTDMCd85kMAojeESgEVtiJgOHLbHONMJlqpq3KuEx1ujElGrqlacylZVsPslfUEsBAh4DFAAAAAgAEhh2XZm2FYHzAgAA9xYAAAwAGAAAAAAAAQAAAKSBAAAAAHNhbXBsZS5qc29ubFVUBQAD01oCa3V4CwABBAAAAAAEAAAAAFBLBQYAAAAAAQABAFIAAAA5AwAAAAA=',
  zipStream:
    'UEsDBC0ACAAIABIYdl0AAAAA//////////8BABQALQEAEAAAAAAAAAAAAAAAAAAAAAAAbZg7bhtBEAVzH4OxA+5yP6RuIxsKDBiOFBgQfHcrMMyq9zrtmukBCi1uP31cfv749XZ5uX69vL/9fr+8XC5/vnz8Ky7/i6/fvqO+PuufQOgG9Ir6xrq77ULZ8DBlzzOQ296TZudHHWDz5drYDyxPPdF5gSCWb/JGIj3ZzYJIjlRHmHqybQkibDmegMFO9F+XQSD5Cn2s3zh1RtTE+m59REcMnmk4Iko9vlh+8u+gBZEObnx9HafPZ56iWN2oj2DX9JnJEsEZ+sjuOX3GqYi/BmVHV7fWE823wQ/xbdTHExumzwSeWD6kj+T09BlaEskj9fE3MQVF270MEbYcXx7sZP9tEEi+Qx/rB6fPiJpYv1sf0SOmz1+GcESUenyx/GTnFkQ6uPH1fZw+n3mKYvWkPoK7ps9Mlvh9vIY+siWnzzgVkZUdX2092XzwQ5yf/H7ixPSZwBPLD+njlnD19BlaEsma+ghTULYtQ4Qtx5cHO9m/FqN44g59rD84fd6VqIn1xfqI1pg+03BElHp8sfxk5xZEOrjx9d4b+4mnKG2MV/oTWTR/ASVK5BYKBbccweApSrAkxeXWVP0HUeLDfp0L9BWDGAjGVHf2ELp5FoNal1AlENFUVZ3LleiUQ3Rg8FR5YgojOsAsIrByJoNRmEDEEbE9ZjJw2BLrRCJcpqp5q1K8GkOJTkyZJF/B7q2yconIppkMKF8iGU0Ez5zJ4ClLcEgnSpstKvsPK7iemBbwfOWGmQwEY6o7owgdnsmg1iVUMUU0VVX4LleiU1LRgcFTPTGlFR1gWBHYOZPBKEwg8orYPWYycNgiy3U8OtdKXs17LXf/MbXoxBRa6pWnMpUVXEROzWRA+RLJ7EIYm3m1ze1cnWs3z+YtqvoPpsTnBKMjB2YyEIyp7hAj9PBMxn+qrEuocoxoqqrO5Up0ijI6MHiqJ6Y4owNMMwJ3zmQwCiN4RKARW2ImA4ctsc40wmWqmrcq4THW6MSUauqVpzKVlWw+yV9QSwcImbYVgfMCAAAAAAAA9xYAAAAAAABQSwECHgMtAAgACAASGHZdmbYVgfMCAAD3FgAAAQAAAAAAAAABAAAAgBEAAAAALVBLBQYAAAAAAQABAC8AAAA+AwAAAAA=',
};

async function unpack(bytes: Uint8Array, pieceBytes: number): Promise<string> {
  const pieces = Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, i) =>
    bytes.slice(i * pieceBytes, (i + 1) * pieceBytes),
  );
  const { signal } = new AbortController();
  const input = { head: bytes.subarray(0, HEAD_BYTES), name: 'sample', field: 'source', signal };
  let got = '';
  for await (const piece of unpacked(Readable.from(pieces, { objectMode: true }), input)) {
    got += Buffer.from(piece).toString('latin1');
  }
  return got;
}

async function failure(bytes: Uint8Array): Promise<string> {
  const thrown: unknown = await unpack(bytes, 64).then(
    () => undefined,
    (error: unknown) => error,
  );
  return thrown instanceof CodedError ? `${thrown.code} ${thrown.message}` : String(thrown);
}

describe('packed input', () => {
  for (const [name, base64] of Object.entries(samples)) {
    const bytes = Buffer.from(base64, 'base64');

    it(`${name}: is told by its first bytes and unpacked, however it is cut`, async () => {
      for (const pieceBytes of [1, 7, 100, bytes.length]) {
        expect(await unpack(bytes, pieceBytes), String(pieceBytes)).equal(text);
      }
    });

    it(`${name}: cut files are an error that names them`, async () => {
      const whole = name.startsWith('zip') ? bytes.indexOf('PK\x01\x02') - 20 : bytes.length;
      for (const end of [Math.floor(whole / 2), whole - 5]) {
        expect(await failure(bytes.subarray(0, end)), String(end)).match(/^InvalidInput .*file\[sample\]/);
      }
    });

    it(`${name}: damaged files are an error or unpacked right, never noise`, async () => {
      for (let at = HEAD_BYTES; at < bytes.length; at += 17) {
        const damaged = Uint8Array.from(bytes);
        damaged[at]! ^= 0x10;
        const got = await unpack(damaged, 1000).catch((thrown: unknown) => thrown);
        if (typeof got === 'string') continue;
        expect(got, String(at)).instanceOf(CodedError);
      }
    });
  }

  for (const pieceBytes of [3, 400]) {
    it(`closes what it reads from when its reader stops early, in pieces of ${pieceBytes}`, async () => {
      let closed = 0;
      const pieces = async function* pieces(): AsyncGenerator<Uint8Array> {
        try {
          const bytes = Buffer.from(text);
          for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
        } finally {
          closed++;
        }
      };
      const input = { name: 'sample', field: 'source', signal: new AbortController().signal };
      for await (const piece of unpackedBytes(pieces(), input)) {
        expect(piece.length).above(0);
        break;
      }
      expect(closed).equal(1);
    });
  }

  it('plain bytes stay as they are', async () => {
    expect(await unpack(Buffer.from('BZhello'), 3)).equal('BZhello');
  });
});
