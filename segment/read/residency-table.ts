/** Where things stand in the table of slots that all threads share: 32-bit words, a head and some for each slot. */

export const slotWords = 16;
export const headWords = 16;
export const head = {
  lock: 0,
  clock: 1,
  coldPages: 2,
  hotPages: 3,
  coldMax: 4,
  hotMax: 5,
  slots: 6,
  loads: 7,
  evictions: 8,
  generation: 9,
  used: 10,
  token: 11,
  highest: 12,
  windowed: 13,
} as const;
export const word = {
  state: 0,
  pins: 1,
  pointer: 2,
  length: 3,
  lastUse: 4,
  touches: 5,
  token: 6,
  hotState: 7,
  hotPointer: 8,
  hotBytes: 9,
  auxState: 10,
  auxPointer: 11,
  life: 12,
  generation: 13,
  auxBytes: 14,
  /** Threads that are making the file's forms: three numbers of eight bits. */
  makers: 15,
} as const;
/** The three forms of a file: where its state, address and size stand, and its maker's bits. */
export const cold = { state: word.state, pointer: word.pointer, bytes: word.length, shift: 0, isHot: false };
export const hot = {
  state: word.hotState,
  pointer: word.hotPointer,
  bytes: word.hotBytes,
  shift: 8,
  isHot: true,
};
export const aux = {
  state: word.auxState,
  pointer: word.auxPointer,
  bytes: word.auxBytes,
  shift: 16,
  isHot: false,
};
export interface Form {
  readonly state: number;
  readonly pointer: number;
  readonly bytes: number;
  readonly shift: number;
  readonly isHot: boolean;
}
export const empty = 0;
export const busy = 1;
export const ready = 2;
export const freeLife = 0;
export const liveLife = 1;
export const doomedLife = 2;

/** Goes through postMessage. */
export interface ResidencyHandle {
  readonly table: SharedArrayBuffer;
  /** Per thread and slot its pins, 16 bits. */
  readonly pins: SharedArrayBuffer;
}

export interface ResidencyStats {
  readonly coldBytes: number;
  readonly hotBytes: number;
  readonly slots: number;
  readonly loads: number;
  readonly evictions: number;
  /** Pins that found no room for the file. */
  readonly windowed: number;
}

/** What a pinned file offers. */
export interface PinnedFile {
  readonly slot: number;
  /** Undefined: there is no room for it. */
  readonly pointer: number | undefined;
  readonly length: number;
  /** Touched by at least two views: worth decoding as a whole. */
  readonly isHot: boolean;
}
