/** What a NATS client sends, cut into protocol messages, so that one of them can be sent twice. Pure. */
export interface NatsFrame {
  readonly text: Buffer;
  /** PUB or HPUB; everything else belongs to the connection itself. */
  readonly published: boolean;
}

/** `rest` is the beginning of a message whose end has not come yet. */
export function splitNatsFrames(bytes: Buffer): { readonly frames: NatsFrame[]; readonly rest: Buffer } {
  const frames: NatsFrame[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) break;
    const line = bytes.toString('latin1', at, lineEnd);
    const published = /^H?PUB\s/i.test(line);
    // The last word of both is the whole size of headers and payload; a line end follows them.
    const size = published ? Number(line.slice(line.lastIndexOf(' ') + 1)) + 2 : 0;
    const end = lineEnd + 2 + size;
    if (end > bytes.length) break;
    frames.push({ text: bytes.subarray(at, end), published });
    at = end;
  }
  return { frames, rest: Buffer.from(bytes.subarray(at)) };
}
