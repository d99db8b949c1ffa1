/** Tree → instructions for the matcher, with what is known of lengths and first characters. */
import { CodedError } from '../../proto/errors.js';
import { atStart } from './assertions.js';
import { type CharSet, union } from './characters.js';
import type { Assertion, RegexNode } from './syntax.js';

/** One character of a set. */
export const SET = 0;
/** Characters of a set, as many as `min` to `max`; `low` tells how to give back. */
export const MANY = 1;
export const MANY_LAZY = 2;
/** Goes on at the next instruction and, failing that, at `to`. */
export const SPLIT = 3;
export const JUMP = 4;
/** Writes the position into a register. */
export const SAVE = 5;
export const ASSERT = 6;
export const REFERENCE = 7;
export const GRAPHEME = 8;
export const LOOK = 9;
export const ATOMIC = 10;
/** Begins a loop: no rounds yet. */
export const LOOP_START = 11;
/** Decides on one more round. */
export const LOOP = 12;
export const DONE = 13;

export type Instruction =
  | { readonly op: typeof SET; readonly set: CharSet }
  | {
      readonly op: typeof MANY | typeof MANY_LAZY;
      readonly set: CharSet;
      readonly min: number;
      readonly max: number;
    }
  | { readonly op: typeof SPLIT; to: number }
  | { readonly op: typeof JUMP; to: number }
  | { readonly op: typeof SAVE; readonly register: number }
  | { readonly op: typeof ASSERT; readonly holds: Assertion }
  | { readonly op: typeof REFERENCE; readonly index: number; readonly fold: (text: string) => string }
  | { readonly op: typeof GRAPHEME }
  /** The body stands right behind and ends with DONE; goes on at `to`. `reach` = lengths to look back, undefined = ahead. */
  | {
      readonly op: typeof LOOK;
      readonly negative: boolean;
      readonly reach: Lengths | undefined;
      to: number;
    }
  | { readonly op: typeof ATOMIC; to: number }
  | { readonly op: typeof LOOP_START; readonly count: number; readonly begin: number }
  /** The body stands right behind and jumps back here. */
  | {
      readonly op: typeof LOOP;
      readonly count: number;
      readonly begin: number;
      readonly min: number;
      readonly max: number;
      readonly lazy: boolean;
      to: number;
    }
  | { readonly op: typeof DONE };

/** In UTF-16 units. */
export interface Lengths {
  readonly min: number;
  readonly max: number;
}

export interface Program {
  readonly instructions: readonly Instruction[];
  /** Two for each group (start, end), then those of loops. */
  readonly registers: number;
  /** Every match begins with one of these; undefined = unknown. */
  readonly first: CharSet | undefined;
  /** Matches begin at the text's start only. */
  readonly anchored: boolean;
  readonly minLength: number;
}

const mostInstructions = 200_000;

/** Throws InvalidInput for look-behinds without a longest length. */
export function compileProgram(root: RegexNode, groupCount: number): Program {
  const builder = new ProgramBuilder(groupCount);
  builder.add(root);
  builder.instructions.push({ op: DONE });
  return {
    instructions: builder.instructions,
    registers: builder.registers,
    first: firstSet(root),
    anchored: isAnchored(root),
    minLength: lengthsOf(root)?.min ?? 0,
  };
}

class ProgramBuilder {
  readonly instructions: Instruction[] = [];
  registers: number;

  constructor(groupCount: number) {
    this.registers = 2 * (groupCount + 1);
  }

  add(node: RegexNode): void {
    const list = this.instructions;
    if (list.length > mostInstructions) throw invalid('the pattern is too large');
    switch (node.kind) {
      case 'set':
        list.push({ op: SET, set: node.set });
        break;
      case 'sequence':
        for (const part of node.parts) this.add(part);
        break;
      case 'choice':
        this.#choice(node.branches);
        break;
      case 'capture':
        // The start counts from the group's end on, as in Java: until then the group has its former value.
        this.#capture(node.index, node.body);
        break;
      case 'repeat':
        this.#repeat(node);
        break;
      case 'atomic':
        this.#nested({ op: ATOMIC, to: 0 }, node.body);
        break;
      case 'look':
        this.#look(node);
        break;
      case 'reference':
        list.push({ op: REFERENCE, index: node.index, fold: node.fold });
        break;
      case 'assert':
        list.push({ op: ASSERT, holds: node.holds });
        break;
      case 'grapheme':
        list.push({ op: GRAPHEME });
        break;
    }
  }

  #choice(branches: readonly RegexNode[]): void {
    const jumps: { to: number }[] = [];
    branches.forEach((branch, i) => {
      if (i === branches.length - 1) {
        this.add(branch);
        return;
      }
      const split = { op: SPLIT as typeof SPLIT, to: 0 };
      this.instructions.push(split);
      this.add(branch);
      const jump = { op: JUMP as typeof JUMP, to: 0 };
      this.instructions.push(jump);
      jumps.push(jump);
      split.to = this.instructions.length;
    });
    for (const jump of jumps) jump.to = this.instructions.length;
  }

  #capture(index: number, body: RegexNode): void {
    this.instructions.push({ op: SAVE, register: 2 * index });
    this.add(body);
    this.instructions.push({ op: SAVE, register: 2 * index + 1 });
  }

  #nested(instruction: Instruction & { to: number }, body: RegexNode): void {
    this.instructions.push(instruction);
    this.add(body);
    this.instructions.push({ op: DONE });
    instruction.to = this.instructions.length;
  }

  #look(node: Extract<RegexNode, { kind: 'look' }>): void {
    const { behind, negative, body } = node;
    const reach = behind ? lengthsOf(body) : undefined;
    if (behind && reach === undefined)
      throw invalid('Look-behind group does not have an obvious maximum length');
    this.#nested({ op: LOOK, negative, reach, to: 0 }, body);
  }

  #repeat(node: Extract<RegexNode, { kind: 'repeat' }>): void {
    const { body, min, max, mode } = node;
    if (mode === 'possessive') {
      this.#nested({ op: ATOMIC, to: 0 }, { ...node, mode: 'greedy' });
      return;
    }
    const lazy = mode === 'lazy';
    if (body.kind === 'set') {
      this.instructions.push({ op: lazy ? MANY_LAZY : MANY, set: body.set, min, max });
      return;
    }
    const count = this.registers++;
    const begin = this.registers++;
    this.instructions.push({ op: LOOP_START, count, begin });
    const at = this.instructions.length;
    const loop: Instruction & { to: number } = { op: LOOP, count, begin, min, max, lazy, to: 0 };
    this.instructions.push(loop);
    this.add(body);
    this.instructions.push({ op: JUMP, to: at });
    loop.to = this.instructions.length;
  }
}

function invalid(problem: string): CodedError {
  return new CodedError('InvalidInput', `pattern: ${problem}`, { field: 'pattern' });
}

/** Undefined when there is no longest length that Java sees; characters repeated without end count as one. */
function lengthsOf(node: RegexNode): Lengths | undefined {
  switch (node.kind) {
    case 'set':
      return { min: 1, max: node.set.basic ? 1 : 2 };
    case 'sequence': {
      let total: Lengths = { min: 0, max: 0 };
      for (const part of node.parts) {
        const lengths = lengthsOf(part);
        if (lengths === undefined) return undefined;
        total = { min: total.min + lengths.min, max: total.max + lengths.max };
      }
      return total;
    }
    case 'choice': {
      const all = node.branches.map(lengthsOf);
      const known = all.filter((each) => each !== undefined);
      if (known.length < all.length) return undefined;
      return { min: Math.min(...known.map(({ min }) => min)), max: Math.max(...known.map(({ max }) => max)) };
    }
    case 'capture':
    case 'atomic':
      return lengthsOf(node.body);
    case 'repeat': {
      const lengths = lengthsOf(node.body);
      if (lengths === undefined) return undefined;
      if (node.max === Infinity && (node.body.kind !== 'set' || node.mode !== 'greedy')) return undefined;
      return { min: lengths.min * node.min, max: lengths.max === 0 ? 0 : lengths.max * node.max };
    }
    case 'look':
    case 'assert':
      return { min: 0, max: 0 };
    case 'reference':
    case 'grapheme':
      return undefined;
  }
}

/** Characters a match begins with; undefined when it may be empty or begin otherwise. */
function firstSet(node: RegexNode): CharSet | undefined {
  switch (node.kind) {
    case 'set':
      return node.set;
    case 'sequence': {
      const first = node.parts.find(({ kind }) => kind !== 'assert' && kind !== 'look');
      return first === undefined ? undefined : firstSet(first);
    }
    case 'choice': {
      const all = node.branches.map(firstSet);
      const known = all.filter((each) => each !== undefined);
      if (known.length < all.length || known.length > 8) return undefined;
      return known.reduce(union);
    }
    case 'capture':
    case 'atomic':
      return firstSet(node.body);
    case 'repeat':
      return node.min > 0 ? firstSet(node.body) : undefined;
    default:
      return undefined;
  }
}

function isAnchored(node: RegexNode): boolean {
  switch (node.kind) {
    case 'assert':
      return node.holds === atStart;
    case 'sequence':
      return node.parts[0] !== undefined && isAnchored(node.parts[0]);
    case 'choice':
      return node.branches.every(isAnchored);
    case 'capture':
    case 'atomic':
      return isAnchored(node.body);
    default:
      return false;
  }
}
