/**
 * An actor's mailbox: a bounded queue, and before it a control lane for what the runtime itself has to say. The lane
 * needs no bound of its own: it holds at most one tick per timer, one notice per watched actor and one drain request.
 */
import type { Clock } from './types.js';

export const mailboxMaxDefault = 1_024;
/** Messages handled in one go before the event loop gets its turn. */
const MESSAGES_PER_TURN = 256;

export class Mailbox<Item, Control> {
  readonly max: number;
  private ring: (Item | undefined)[] = Array.from({ length: 16 });
  private head = 0;
  private count = 0;
  private readonly control: Control[] = [];

  constructor(max: number = mailboxMaxDefault) {
    this.max = max;
  }

  /** Queued messages, without the control lane. */
  get size(): number {
    return this.count;
  }

  /** False when full. */
  push(item: Item): boolean {
    if (this.count >= this.max) return false;
    this.pushReserved(item);
    return true;
  }

  /** Never refused: for outcomes of work the actor itself began. */
  pushReserved(item: Item): void {
    if (this.count === this.ring.length) this.grow();
    this.ring[(this.head + this.count) % this.ring.length] = item;
    this.count += 1;
  }

  pushControl(item: Control): void {
    this.control.push(item);
  }

  nextControl(): Control | undefined {
    return this.control.shift();
  }

  next(): Item | undefined {
    if (this.count === 0) return undefined;
    const item = this.ring[this.head];
    this.ring[this.head] = undefined;
    this.head = (this.head + 1) % this.ring.length;
    this.count -= 1;
    return item;
  }

  get empty(): boolean {
    return this.count === 0 && this.control.length === 0;
  }

  /** Forgets the control lane: ticks and notices belong to one run of the actor. */
  clearControl(): void {
    this.control.length = 0;
  }

  private grow(): void {
    const wider = Array.from<Item | undefined>({ length: this.ring.length * 2 });
    for (let i = 0; i < this.count; i++) wider[i] = this.ring[(this.head + i) % this.ring.length];
    this.ring = wider;
    this.head = 0;
  }
}

/** Shared by all actors of a system: none of them, nor a chain of them, keeps the event loop from its other work. */
export interface TurnBudget {
  /** To be called after each message; a promise to wait for when the budget of this turn is used up. */
  spend(): Promise<void> | undefined;
}

export function createTurnBudget(clock: Clock, messagesPerTurn = MESSAGES_PER_TURN): TurnBudget {
  let spent = 0;
  let turn: Promise<void> | undefined;
  return {
    spend: () => {
      spent += 1;
      if (spent < messagesPerTurn) return undefined;
      turn ??= new Promise((resolve) => {
        const next = (): void => {
          spent = 0;
          turn = undefined;
          resolve();
        };
        clock.setTimer(0, next, true);
      });
      return turn;
    },
  };
}
