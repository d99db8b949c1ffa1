/**
 * Frames in messages: within one process the frame itself travels, and only a message that is really encoded pays for
 * it. What comes from elsewhere is decoded and checked.
 */
import type { grove } from '../proto/services.js';
import { decodeFrame, encodeFrame, type BlockCompressor } from '../query/frame-codec.js';
import type { Frame } from '../query/frame.js';

type WireFrame = grove.query.v1.Frame.$Properties;

/** A frame message whose fields are made when somebody (the encoder) reads them. */
class CarriedFrame {
  readonly #frame: Frame;

  constructor(frame: Frame, compressor: BlockCompressor | undefined) {
    this.#frame = frame;
    let wire: WireFrame | undefined;
    const made = (): WireFrame => (wire ??= encodeFrame(frame, compressor));
    // Own properties: the generated encoder looks for them with hasOwnProperty.
    for (const name of ['rows', 'columns', 'codec', 'packed', 'packedBytes'] as const) {
      Object.defineProperty(this, name, { enumerable: true, get: () => made()[name] });
    }
  }

  static frameOf(wire: WireFrame): Frame | undefined {
    return wire instanceof CarriedFrame ? wire.#frame : undefined;
  }
}

export interface FrameCarrier {
  encode(frame: Frame): WireFrame;
  /** Throws InvalidInput when the message is no frame. */
  decode(wire: WireFrame): Frame;
}

export function createFrameCarrier(compressor?: BlockCompressor): FrameCarrier {
  return {
    encode: (frame) => new CarriedFrame(frame, compressor) as WireFrame,
    decode: (wire) => CarriedFrame.frameOf(wire) ?? decodeFrame(wire, compressor),
  };
}
