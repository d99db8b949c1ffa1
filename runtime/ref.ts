/**
 * Refs: how an actor is spoken to. A ref stays valid over restarts of its actor; messages wait in the mailbox.
 */
import { CodedError } from '../proto/errors.js';
import { timeoutError } from './deadline.js';
import type { ActorRef, AskOptions, Clock, Deadline, ReplyTo, Timer } from './types.js';
import { onEnded, type EndNotice, type Watchable } from './watch.js';

export interface Envelope<M> {
  readonly message: M;
  readonly ask?: PendingAsk;
}

/** What a ref needs of its actor. */
export interface RefTarget<M> {
  readonly path: string;
  readonly clock: Clock;
  readonly notice: EndNotice;
  push(envelope: Envelope<M>): 'queued' | 'full' | 'gone';
  /** A message or reply that nobody will read. */
  deadLetter(why: string): void;
}

/** One question: settled once, by the answer, the deadline or the actor's end. */
export class PendingAsk {
  readonly deadline: Deadline;
  readonly trace: string;
  private readonly path: string;
  private readonly resolve: (value: unknown) => void;
  private readonly reject: (error: Error) => void;
  private readonly timer: Timer;
  private readonly deadLetter: (why: string) => void;
  private settled = false;
  /** Called when settled. */
  over: (() => void) | undefined;

  constructor(
    target: Pick<RefTarget<never>, 'path' | 'clock' | 'deadLetter'>,
    options: AskOptions,
    outcome: { resolve: (value: unknown) => void; reject: (error: Error) => void },
  ) {
    this.path = target.path;
    this.deadLetter = (why) => target.deadLetter(why);
    this.deadline = options.deadline;
    this.trace = options.trace ?? '';
    this.resolve = outcome.resolve;
    this.reject = outcome.reject;
    this.timer = target.clock.setTimer(options.deadline.remainingMs(), () => this.expire(), true);
  }

  answer(value: unknown, error: Error | undefined): void {
    if (this.settled) {
      this.deadLetter('a reply came after its question was over');
      return;
    }
    if (this.deadline.expired()) {
      this.deadLetter('a reply came after its deadline');
      this.expire();
      return;
    }
    this.settle();
    if (error === undefined) this.resolve(value);
    else this.reject(error);
  }

  /** The actor ended, or can't take the question. */
  refuse(error: CodedError): void {
    if (this.settled) return;
    this.settle();
    this.reject(error);
  }

  get isSettled(): boolean {
    return this.settled;
  }

  private expire(): void {
    this.refuse(timeoutError(`ask of actor[${this.path}]`));
  }

  private settle(): void {
    this.settled = true;
    this.timer.cancel();
    this.over?.();
  }
}

export function unavailable(path: string): CodedError {
  return new CodedError('Unavailable', `actor[${path}] ended before it answered`, { actor: path });
}

export function createRef<M>(target: RefTarget<M>): ActorRef<M> & Watchable {
  return {
    path: target.path,
    tell: (message) => {
      const outcome = target.push({ message });
      if (outcome === 'gone') target.deadLetter('told after its end');
      return outcome === 'queued';
    },
    ask: (make, options) => ask(target, make, options),
    get alive() {
      return !target.notice.over;
    },
    [onEnded]: (listener) => target.notice.listen(listener),
  };
}

function ask<M, R>(target: RefTarget<M>, make: (reply: ReplyTo<R>) => M, options: AskOptions): Promise<R> {
  return new Promise<R>((resolve, reject) => {
    if (options.deadline.expired()) {
      reject(timeoutError(`ask of actor[${target.path}]`));
      return;
    }
    const pending = new PendingAsk(target, options, {
      resolve: (value) => resolve(value as R),
      reject,
    });
    const reply: ReplyTo<R> = {
      ok: (value) => pending.answer(value, undefined),
      fail: (error) => pending.answer(undefined, error),
      deadline: pending.deadline,
      trace: pending.trace,
    };
    let message: M;
    try {
      message = make(reply);
    } catch (error) {
      pending.refuse(new CodedError('Bug', 'the question could not be made', {}, error));
      return;
    }
    const outcome = target.push({ message, ask: pending });
    if (outcome === 'gone') pending.refuse(unavailable(target.path));
    if (outcome === 'full') {
      pending.refuse(
        new CodedError('MailboxFull', `mailbox of actor[${target.path}] is full`, {
          actor: target.path,
        }),
      );
    }
  });
}
