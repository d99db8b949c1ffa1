/**
 * Death watch: the same notice for actors of this process and for remote nodes. A notice means the end: an actor that
 * its supervisor restarts has not ended (its ref stays valid), a node that is merely suspect neither.
 */
import { CodedError } from '../proto/errors.js';
import type { ActorRef, NodeInfo, Presence, StopReason, Subscription } from './types.js';

export const onEnded: unique symbol = Symbol('onEnded');

/** What can be watched. The listener is called once, at once if the end has already come. */
export interface Watchable {
  readonly path: string;
  [onEnded](listener: (reason: StopReason) => void): Subscription;
}

export function isWatchable(value: object): value is Watchable {
  return onEnded in value;
}

/** Listeners of one mortal. */
export class EndNotice {
  private readonly listeners = new Set<(reason: StopReason) => void>();
  private reason: StopReason | undefined;

  listen(listener: (reason: StopReason) => void): Subscription {
    const reason = this.reason;
    if (reason !== undefined) {
      let stopped = false;
      queueMicrotask(() => {
        if (!stopped) listener(reason);
      });
      return {
        stop: () => {
          stopped = true;
        },
      };
    }
    this.listeners.add(listener);
    return { stop: () => void this.listeners.delete(listener) };
  }

  tell(reason: StopReason): void {
    if (this.reason !== undefined) return;
    this.reason = reason;
    for (const listener of this.listeners) listener(reason);
    this.listeners.clear();
  }

  get over(): boolean {
    return this.reason !== undefined;
  }
}

/** The path under which a watched node's end is told. */
export function nodePath(node: string): string {
  return `node/${node}`;
}

/**
 * One incarnation of a remote node, to be watched (`terminated` with path `node/<name>`): ends when presence says left
 * (`shutdown`), dead (`failed` with Unavailable), or when another incarnation has taken its name. Takes no messages.
 */
export function nodeRef(presence: Presence, node: string, incarnation: string): ActorRef<never> {
  const path = nodePath(node);
  const gone = (): CodedError => new CodedError('Unavailable', `node[${node}] is gone`, { node });
  const current = (): NodeInfo | undefined =>
    presence.find(node)?.incarnation === incarnation ? presence.find(node) : undefined;
  const ref: ActorRef<never> & Watchable = {
    path,
    tell: () => false,
    ask: () => Promise.reject(new CodedError('Unsupported', `node[${node}] can be watched, not asked`)),
    get alive() {
      return current() !== undefined;
    },
    [onEnded]: (listener) => {
      const notice = new EndNotice();
      const heard = notice.listen(listener);
      const following = presence.onChange(({ type, info }) => {
        if (info.node !== node) return;
        if (type === 'left' && info.incarnation === incarnation) notice.tell({ kind: 'shutdown' });
        else if (type === 'dead' || info.incarnation !== incarnation) {
          notice.tell({ kind: 'failed', error: gone() });
        }
        if (notice.over) following.stop();
      });
      if (current() === undefined) {
        following.stop();
        queueMicrotask(() => notice.tell({ kind: 'failed', error: gone() }));
      }
      return {
        stop: () => {
          heard.stop();
          following.stop();
        },
      };
    },
  };
  return ref;
}
