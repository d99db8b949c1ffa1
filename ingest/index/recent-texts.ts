/**
 * Short strings that a column gets again and again, with their numbers. They are mostly the very same strings, or
 * strings that nobody has hashed yet: finding them here takes a look at three of their units and one comparison.
 */

const SLOTS = 128;
const UNITS_MAX = 48;
/** So many texts at a time are judged. */
const WINDOW = 1024;
/** Of a window; with more of them it is no use to look here. */
const MISSES_MAX = WINDOW / 4;
/** Texts until it is tried again. */
const PAUSE = 32 * WINDOW;

export class RecentTexts {
  #texts: string[] = [];
  #ids = new Int32Array(0);
  #asked = 0;
  #missed = 0;
  #pause = 0;
  #units = 0;

  /** Rough size in memory. */
  get bytes(): number {
    return this.#texts.length === 0 ? 0 : this.#units + SLOTS * 40;
  }

  /** A text's number, 0 when it is not there; below 0 when it is not wanted here either. */
  find(text: string): number {
    if (this.#pause > 0) {
      this.#pause--;
      return -1;
    }
    const { length } = text;
    if (length === 0 || length > UNITS_MAX) return -1;
    if (++this.#asked === WINDOW && !this.#isUseful()) return -1;
    const slot = slotOf(text, length);
    if (this.#texts[slot] === text) return this.#ids[slot]!;
    this.#missed++;
    return 0;
  }

  /** To be called with a text that was just not found. */
  keep(text: string, id: number): void {
    if (this.#texts.length === 0) {
      this.#texts = Array.from({ length: SLOTS }, () => '');
      this.#ids = new Int32Array(SLOTS);
    }
    const slot = slotOf(text, text.length);
    this.#units += text.length - this.#texts[slot]!.length;
    this.#texts[slot] = text;
    this.#ids[slot] = id;
  }

  #isUseful(): boolean {
    const isUseful = this.#missed <= MISSES_MAX;
    if (!isUseful) {
      this.#pause = PAUSE;
      this.#texts = [];
      this.#ids = new Int32Array(0);
      this.#units = 0;
    }
    this.#asked = 0;
    this.#missed = 0;
    return isUseful;
  }
}

function slotOf(text: string, length: number): number {
  const first = text.charCodeAt(0);
  const second = text.charCodeAt(length > 1 ? 1 : 0);
  const last = text.charCodeAt(length - 1);
  return (first * 31 + second * 7 + last + length) & (SLOTS - 1);
}
