/** Bits written from the lowest on; what is to be read backwards ends with a mark. */
export class BitWriter {
  readonly #bytes: Buffer;
  /** The next byte to write. */
  at: number;
  #held = 0;
  #count = 0;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** At most 17 bits. */
  write(value: number, count: number): void {
    this.#held += value * 2 ** this.#count;
    this.#count += count;
    while (this.#count >= 8) {
      this.#bytes[this.at++] = this.#held % 256;
      this.#held = Math.floor(this.#held / 256);
      this.#count -= 8;
    }
  }

  /** The byte begun, if any, is whole. */
  align(): void {
    if (this.#count > 0) this.write(0, 8 - this.#count);
  }

  /** The mark where reading starts. */
  finish(): void {
    this.write(1, 1);
    this.align();
  }
}
