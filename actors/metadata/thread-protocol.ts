/** What the metadata actor and its database thread say to each other. */
import type { ErrorInfoShape } from '../../proto/errors.js';
import type { LeaderClaim } from '../../proto/metadata.js';
import type { MigrationInput } from './migrations.js';
import type { StoreConfig } from './store.js';

export interface ThreadStart {
  readonly store: StoreConfig;
  readonly migration: MigrationInput;
}
export interface ThreadRequest {
  readonly id: number;
  readonly kind: 'read' | 'transact';
  readonly name: string;
  readonly inputJson: string;
  readonly leader?: LeaderClaim;
}
export type ThreadCommand = ThreadRequest | { readonly kind: 'close' };
export type ThreadReply =
  | { readonly kind: 'ready'; readonly schemaVersion: number }
  | { readonly kind: 'failed'; readonly error: ErrorInfoShape }
  | { readonly kind: 'done'; readonly id: number; readonly outputJson: string }
  | { readonly kind: 'error'; readonly id: number; readonly error: ErrorInfoShape };
