/** The metadata store as the other roles see it: named reads and transactions, typed by proto/metadata.ts. */
import { asCoded, CodedError, fromErrorInfo } from '../proto/errors.js';
import type {
  LeaderClaim,
  MetadataOps,
  OpInput,
  OpOutput,
  ReadName,
  TransactionName,
} from '../proto/metadata.js';
import { MetadataService, type grove } from '../proto/services.js';
import type { Deadline, EpochStore, LifecycleState, Node, NodeInfo } from '../runtime/types.js';

export interface MetadataCallOptions {
  readonly deadline: Deadline;
  readonly trace?: string;
}
export interface MetadataClient {
  /** Errors: MetadataUnavailable (also when its time is over), InvalidInput. */
  read<Name extends ReadName>(
    name: Name,
    input: OpInput<Name>,
    options: MetadataCallOptions,
  ): Promise<OpOutput<Name>>;
  /**
   * Errors: MetadataUnavailable (nothing was done), Unknown (it may have been done: re-read), StaleEpoch (`leader` is
   * not the newest; context `seen`), and what the transaction itself throws.
   */
  transact<Name extends TransactionName>(
    name: Name,
    input: OpInput<Name>,
    options: MetadataCallOptions & { readonly leader?: LeaderClaim },
  ): Promise<OpOutput<Name>>;
}

/** Where the store's owner listens, from presence; undefined while none is known. */
export function metadataAddress(node: Pick<Node, 'presence'>): () => string | undefined {
  return () => {
    const owners = node.presence.nodes('metadata').filter((info) => !info.suspect);
    const serving = (state: LifecycleState): NodeInfo | undefined =>
      owners.find((info) => info.roles.some((role) => role.role === 'metadata' && role.state === state));
    // One that still starts does not answer yet; one that drains serves those who finish their work.
    return (serving('RUNNING') ?? serving('DRAINING'))?.grpcAddress;
  };
}

type Result = grove.metadata.v1.MetadataResult.$Properties;

export function createMetadataClient(deps: {
  readonly node: Pick<Node, 'transport' | 'presence'>;
  /** Default: the owner that presence names. */
  readonly address?: () => string | undefined;
}): MetadataClient {
  const { transport } = deps.node;
  const address = deps.address ?? metadataAddress(deps.node);

  async function call(
    kind: 'Read' | 'Transact',
    name: keyof MetadataOps,
    input: unknown,
    options: MetadataCallOptions & { readonly leader?: LeaderClaim },
  ): Promise<unknown> {
    const to = address();
    if (to === undefined) {
      throw new CodedError('MetadataUnavailable', 'No process serves the metadata store');
    }
    const request = {
      name,
      inputJson: JSON.stringify(input),
      leaderRole: options.leader?.role ?? '',
      leaderEpoch: options.leader?.epoch ?? 0,
      trace: options.trace ?? '',
    };
    let result: Result;
    try {
      result = await transport.client(to).unary(MetadataService[kind], request, {
        deadline: options.deadline,
        ...(options.trace === undefined ? {} : { trace: options.trace }),
      });
    } catch (thrown) {
      throw callFailed(kind, name, thrown);
    }
    if (result.error !== null && result.error !== undefined) throw fromErrorInfo(result.error);
    return JSON.parse(result.outputJson ?? 'null') as unknown;
  }

  return {
    read: async (name, input, options) => (await call('Read', name, input, options)) as OpOutput<typeof name>,
    transact: async (name, input, options) =>
      (await call('Transact', name, input, options)) as OpOutput<typeof name>,
  };
}

// The call itself failed, so no answer says what became of it: a read did nothing, a transaction may have.
function callFailed(kind: 'Read' | 'Transact', name: string, thrown: unknown): CodedError {
  const error = asCoded(thrown);
  if (kind === 'Read') {
    return new CodedError(
      'MetadataUnavailable',
      `Metadata read[${name}] got no answer: ${error.message}`,
      {},
      thrown,
    );
  }
  return new CodedError(
    'Unknown',
    `The outcome of metadata transaction[${name}] is not known: ${error.message}`,
    {},
    thrown,
  );
}

/** The epoch row as the leader code wants it. */
export function createEpochStore(client: MetadataClient, deadline: () => Deadline): EpochStore {
  return {
    bump: async (role, holder, atLeast) =>
      (await client.transact('bumpEpoch', { role, holder, atLeast }, { deadline: deadline() })).epoch,
  };
}

/** All pages of a paged read, one after another. */
export async function* pagesOf<Page extends { readonly next: string | null }>(
  read: (after: string | null) => Promise<Page>,
): AsyncGenerator<Page> {
  let after: string | null = null;
  do {
    const page: Page = await read(after);
    yield page;
    after = page.next;
  } while (after !== null);
}
