/** The tree of a pattern. Flags are already part of the nodes: a set folds case by itself. */
import type { CharSet } from './characters.js';

export type Mode = 'greedy' | 'lazy' | 'possessive';

export type RegexNode =
  /** One character (a code point, or half a pair that stands alone). */
  | { readonly kind: 'set'; readonly set: CharSet }
  | { readonly kind: 'sequence'; readonly parts: readonly RegexNode[] }
  | { readonly kind: 'choice'; readonly branches: readonly RegexNode[] }
  | { readonly kind: 'capture'; readonly index: number; readonly body: RegexNode }
  | {
      readonly kind: 'repeat';
      readonly body: RegexNode;
      readonly min: number;
      readonly max: number;
      readonly mode: Mode;
    }
  /** No way back into it once it matched. */
  | { readonly kind: 'atomic'; readonly body: RegexNode }
  | {
      readonly kind: 'look';
      readonly behind: boolean;
      readonly negative: boolean;
      readonly body: RegexNode;
    }
  /** Fails where the group has not matched. */
  | { readonly kind: 'reference'; readonly index: number; readonly fold: (text: string) => string }
  | { readonly kind: 'assert'; readonly holds: Assertion }
  /** One grapheme cluster. */
  | { readonly kind: 'grapheme' };

/** `lastEnd` is where the match before ended. */
export type Assertion = (text: string, at: number, lastEnd: number) => boolean;

export interface ParsedPattern {
  readonly root: RegexNode;
  /** Capturing groups without the whole match. */
  readonly groupCount: number;
  readonly groupNames: ReadonlyMap<string, number>;
  /** A match may begin between the halves of a pair: nothing in the pattern knows of pairs. */
  readonly splitsPairs: boolean;
}
