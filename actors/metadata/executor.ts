/** Runs named operations on an open store: one transaction each. */
import { asCoded, invalidInput } from '../../proto/errors.js';
import { isReadName, isTransactionName, type LeaderClaim } from '../../proto/metadata.js';
import { claimLeadership } from './ops/cluster.js';
import { operations } from './ops/registry.js';
import { storeError, type Knex, type Tx } from './store.js';

type AnyOperation = (tx: Tx, input: unknown) => Promise<unknown>;

function parse(inputJson: string): unknown {
  try {
    return JSON.parse(inputJson);
  } catch {
    throw invalidInput('The input of a metadata operation is not JSON', 'input_json');
  }
}

/** Output as JSON. Everything or nothing; see storeError for what is thrown. */
export async function execute(
  knex: Knex,
  request: {
    readonly kind: 'read' | 'transact';
    readonly name: string;
    readonly inputJson: string;
    readonly leader?: LeaderClaim;
  },
): Promise<string> {
  const { kind, name, leader } = request;
  if (kind === 'read' ? !isReadName(name) : !isTransactionName(name)) {
    throw invalidInput(`Unknown metadata ${kind === 'read' ? 'read' : 'transaction'}[${name}]`, 'name');
  }
  const operation = operations[name as keyof typeof operations] as AnyOperation;
  const input = parse(request.inputJson);
  let stage: 'work' | 'commit' = 'work';
  try {
    const output = await knex.transaction(
      async (tx) => {
        if (leader !== undefined) await claimLeadership(tx, leader);
        const result = await operation(tx, input);
        stage = 'commit';
        return result;
      },
      { readOnly: kind === 'read' },
    );
    return JSON.stringify(output);
  } catch (thrown) {
    throw thrown instanceof TypeError ? asCoded(thrown) : storeError(thrown, stage);
  }
}
