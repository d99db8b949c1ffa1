/** Runs a pattern's instructions over a text: backtracking with its own stack and a budget of steps. */
import { CodedError } from '../../proto/errors.js';
import { graphemeEnd } from './assertions.js';
import {
  ASSERT,
  ATOMIC,
  DONE,
  GRAPHEME,
  type Instruction,
  JUMP,
  type Lengths,
  LOOK,
  LOOP,
  LOOP_START,
  MANY,
  MANY_LAZY,
  type Program,
  REFERENCE,
  SAVE,
  SET,
  SPLIT,
} from './program.js';

/** Registers are never changed in place: states that wait on the stack share them. */
type Registers = readonly number[];

interface State {
  readonly pc: number;
  readonly at: number;
  readonly registers: Registers;
}

/** A state to go back to. `kind` 0: as it is; 1: one character less, not below `limit`; 2: one more, `limit` times. */
interface Waiting extends State {
  readonly kind: 0 | 1 | 2;
  readonly limit: number;
}

const baseSteps = 1_000_000;
const stepsPerCharacter = 100;

function isPair(text: string, at: number): boolean {
  const high = text.charCodeAt(at);
  if (high < 0xd800 || high > 0xdbff) return false;
  const low = text.charCodeAt(at + 1);
  return low >= 0xdc00 && low <= 0xdfff;
}

/** One text being searched; all searches of it share one budget. */
export class Matcher {
  readonly #program: Program;
  readonly #text: string;
  readonly #waiting: Waiting[] = [];
  #steps: number;
  #lastEnd = 0;

  constructor(program: Program, text: string) {
    this.#program = program;
    this.#text = text;
    this.#steps = baseSteps + stepsPerCharacter * text.length;
  }

  /**
   * The first match that begins at `from` or behind: the registers (start and end of each group, -1 = none).
   * Throws LimitExceeded when the budget is spent.
   */
  search(from: number, lastEnd: number, splitsPairs: boolean): Registers | undefined {
    const { first, anchored, minLength } = this.#program;
    const text = this.#text;
    this.#lastEnd = lastEnd;
    const last = anchored ? 0 : text.length - minLength;
    for (let at = from; at <= last; at++) {
      this.#spend(1);
      if (first === undefined || first.has(text.codePointAt(at) ?? -1)) {
        const found = this.#from(at, -1);
        if (found !== undefined) return found;
      }
      if (!splitsPairs && isPair(text, at)) at++;
    }
    return undefined;
  }

  /** The match of the whole text. */
  whole(): Registers | undefined {
    this.#lastEnd = 0;
    return this.#from(0, this.#text.length);
  }

  #from(at: number, wantedEnd: number): Registers | undefined {
    const registers = Array.from({ length: this.#program.registers }, () => -1);
    this.#waiting.length = 0;
    const end = this.#run({ pc: 0, at, registers }, wantedEnd);
    if (end === undefined) return undefined;
    return with2(end.registers, 0, at, 1, end.at);
  }

  #spend(steps: number): void {
    this.#steps -= steps;
    if (this.#steps < 0)
      throw new CodedError('LimitExceeded', 'the regular expression takes too many steps to match a text', {
        field: 'pattern',
      });
  }

  /** Up to the end of the (nested) program; undefined = no match. `wantedEnd` = where it must end, -1 = anywhere. */
  #run(start: State, wantedEnd: number): State | undefined {
    const base = this.#waiting.length;
    let state: State | undefined = start;
    while (state !== undefined) {
      state = this.#advance(state);
      if (state !== undefined) {
        if (wantedEnd < 0 || state.at === wantedEnd) break;
        state = undefined;
      }
      state = this.#back(base);
    }
    // What waits inside is given up: nobody goes back into a finished part.
    this.#waiting.length = base;
    return state;
  }

  /** The next state to try of those that wait above `base`. */
  #back(base: number): State | undefined {
    const waiting = this.#waiting;
    const text = this.#text;
    while (waiting.length > base) {
      const state = waiting.pop();
      if (state === undefined) return undefined;
      this.#spend(1);
      if (state.kind === 0) return state;
      if (state.kind === 1) {
        let at = state.at - 1;
        if (at - 1 >= state.limit && isPair(text, at - 1)) at--;
        if (at > state.limit) waiting.push({ ...state, at });
        return { pc: state.pc, at, registers: state.registers };
      }
      const many = this.#program.instructions[state.pc];
      if (many === undefined || many.op !== MANY_LAZY) return undefined;
      const at = this.#one(many.set, state.at);
      if (at < 0) continue;
      if (state.limit > 1) waiting.push({ ...state, at, limit: state.limit - 1 });
      return { pc: state.pc + 1, at, registers: state.registers };
    }
    return undefined;
  }

  /** Behind one character of the set; -1 = none there. */
  #one(set: { has(point: number): boolean }, at: number): number {
    const point = this.#text.codePointAt(at);
    if (point === undefined || !set.has(point)) return -1;
    return point > 0xffff ? at + 2 : at + 1;
  }

  /** Goes on until DONE (the state there) or a failure (undefined). */
  #advance(start: State): State | undefined {
    const { instructions } = this.#program;
    const text = this.#text;
    let { pc, at, registers } = start;
    for (;;) {
      this.#spend(1);
      const step = instructions[pc];
      if (step === undefined) return undefined;
      switch (step.op) {
        case SET: {
          at = this.#one(step.set, at);
          if (at < 0) return undefined;
          break;
        }
        case MANY:
        case MANY_LAZY: {
          at = this.#many(step, { pc, at, registers });
          if (at < 0) return undefined;
          break;
        }
        case SPLIT:
          this.#waiting.push({ kind: 0, pc: step.to, at, registers, limit: 0 });
          break;
        case JUMP:
          pc = step.to;
          continue;
        case SAVE:
          registers = with1(registers, step.register, at);
          break;
        case ASSERT:
          if (!step.holds(text, at, this.#lastEnd)) return undefined;
          break;
        case REFERENCE:
          at = this.#reference(registers, step.index, step.fold, at);
          if (at < 0) return undefined;
          break;
        case GRAPHEME:
          if (at >= text.length) return undefined;
          at = graphemeEnd(text, at);
          break;
        case LOOK: {
          const found = this.#look(step, { pc: pc + 1, at, registers });
          if (found === undefined) return undefined;
          registers = found;
          pc = step.to;
          continue;
        }
        case ATOMIC: {
          const end = this.#run({ pc: pc + 1, at, registers }, -1);
          if (end === undefined) return undefined;
          ({ at, registers } = end);
          pc = step.to;
          continue;
        }
        case LOOP_START:
          registers = with2(registers, step.count, 0, step.begin, -1);
          break;
        case LOOP:
          ({ pc, registers } = this.#round(step, { pc, at, registers }));
          continue;
        case DONE:
          return { pc, at, registers };
      }
      pc++;
    }
  }

  /** One more round of a loop, or on behind it; a round that took no character was the last one. */
  #round(step: Extract<Instruction, { op: typeof LOOP }>, { pc, at, registers }: State): State {
    const count = registers[step.count] ?? 0;
    if (at <= (registers[step.begin] ?? -1) || count >= step.max) return { pc: step.to, at, registers };
    const inside = { pc: pc + 1, at, registers: with2(registers, step.count, count + 1, step.begin, at) };
    if (count < step.min) return inside;
    const behind = { pc: step.to, at, registers };
    this.#waiting.push({ ...(step.lazy ? inside : behind), kind: 0, limit: 0 });
    return step.lazy ? behind : inside;
  }

  /** Characters of a set; the states with fewer (or more) of them wait. */
  #many(
    step: { op: number; set: { has(point: number): boolean }; min: number; max: number },
    { pc, at: start, registers }: State,
  ): number {
    let at = start;
    let count = 0;
    while (count < step.min) {
      at = this.#one(step.set, at);
      if (at < 0) return -1;
      count++;
    }
    this.#spend(at - start);
    if (step.op === MANY_LAZY) {
      if (step.max > step.min) this.#waiting.push({ kind: 2, pc, at, registers, limit: step.max - step.min });
      return at;
    }
    const least = at;
    while (count < step.max) {
      const next = this.#one(step.set, at);
      if (next < 0) break;
      at = next;
      count++;
    }
    this.#spend(at - least);
    if (at > least) this.#waiting.push({ kind: 1, pc: pc + 1, at, registers, limit: least });
    return at;
  }

  #reference(registers: Registers, index: number, fold: (text: string) => string, at: number): number {
    const start = registers[2 * index] ?? -1;
    const end = registers[2 * index + 1] ?? -1;
    if (start < 0 || end < start) return -1;
    const wanted = this.#text.slice(start, end);
    const found = this.#text.slice(at, at + wanted.length);
    this.#spend(wanted.length);
    return found.length === wanted.length && fold(found) === fold(wanted) ? at + wanted.length : -1;
  }

  /** The registers behind a look-around that holds. */
  #look(
    { negative, reach }: { readonly negative: boolean; readonly reach: Lengths | undefined },
    state: State,
  ): Registers | undefined {
    let found: State | undefined;
    if (reach === undefined) found = this.#run(state, -1);
    else {
      const furthest = Math.max(0, state.at - reach.max);
      for (let at = state.at - reach.min; at >= furthest && found === undefined; at--) {
        this.#spend(1);
        found = this.#run({ ...state, at }, state.at);
      }
    }
    if (negative) return found === undefined ? state.registers : undefined;
    return found?.registers;
  }
}

function with1(registers: Registers, index: number, value: number): Registers {
  const copy = registers.slice();
  copy[index] = value;
  return copy;
}

function with2(registers: Registers, a: number, x: number, b: number, y: number): Registers {
  const copy = registers.slice();
  copy[a] = x;
  copy[b] = y;
  return copy;
}
