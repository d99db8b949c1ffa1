/** The parts of one answer: the head goes with the first. */
import type { grove } from '../../proto/services.js';
import { PrettyJson } from './pretty.js';

type BrokerPart = grove.query.v1.BrokerPart.$Properties;
type ResponseHead = grove.query.v1.ResponseHead.$Properties;

export class Parts {
  #head: ResponseHead | undefined;
  readonly #pretty: PrettyJson | undefined;

  constructor(head: ResponseHead, isPretty: boolean) {
    this.#head = head;
    this.#pretty = isPretty ? new PrettyJson() : undefined;
  }

  next(part: BrokerPart): BrokerPart {
    const head = this.#head;
    this.#head = undefined;
    return head === undefined ? part : { ...part, head };
  }

  /** A piece of JSON text. */
  rows(chunk: Uint8Array): BrokerPart {
    return this.next({ rows: this.#pretty === undefined ? chunk : this.#pretty.push(chunk) });
  }

  /** An answer without any part is its head. */
  *end(): Generator<BrokerPart> {
    if (this.#head !== undefined) yield this.next({});
  }
}
