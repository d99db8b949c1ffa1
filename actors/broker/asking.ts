/** How the data nodes are asked for one query, and who they are. */
import type { Frame } from '../../query/frame.js';
import { jsonText } from '../../query/json/write.js';
import type { JsonObject } from '../../query/native/json-fields.js';
import type { Deadline, Log, Node } from '../../runtime/types.js';
import type { FrameCarrier } from '../frame-by-reference.js';
import { roleLoad, type LoadBook } from './load-book.js';
import type { Holder } from './route.js';
import type { NodeRequest, ScatterDeps } from './scatter.js';
import type { BrokerView } from './view.js';

export interface AskingDeps {
  readonly node: Node;
  readonly view: Pick<BrokerView, 'holders'>;
  readonly loads: LoadBook;
  readonly frames: FrameCarrier;
  /** Is the node's inventory stream open? */
  readonly isFresh: (node: string) => boolean;
  /** Context keys below a query's own. */
  readonly context: JsonObject;
  readonly log: Log;
}

export interface Asked {
  readonly queryJson: string;
  readonly queryId: string;
  readonly deadline: Deadline;
  readonly signal: AbortSignal;
  readonly trace: string;
}

export class Asking {
  readonly scatter: ScatterDeps;
  readonly #deps: AskingDeps;
  #request: NodeRequest;

  constructor(deps: AskingDeps, asked: Asked) {
    const { node, loads, frames, context, log } = deps;
    const { trace } = asked;
    this.#deps = deps;
    this.scatter = {
      clientOf: (name) => {
        const info = node.presence.find(name);
        return info === undefined ? undefined : node.transport.client(info.grpcAddress);
      },
      holdersOf: (id) => this.holders(id),
      decodeFrame: (frame) => frames.decode(frame),
      inFlight: (name, change) => loads.add(name, change),
      nodeFailed: (name, error) => {
        loads.failed(name, node.clock.monotonic());
        const fields = { node: name, error: error.message, trace };
        log.warn('a data node failed: its segments are asked from others', fields);
      },
      setTimer: (ms, action) => node.clock.setTimer(ms, action),
    };
    this.#request = { ...asked, contextJson: jsonText(context), clusterId: node.clusterId() };
  }

  get request(): NodeRequest {
    return this.#request;
  }

  /** Every node is sent these rows too, which stand inside the data source. */
  sendRows(frames: readonly Frame[]): void {
    // One message for all of them: it is encoded once, when the first node is elsewhere.
    const messages = frames.map((frame) => this.#deps.frames.encode(frame));
    this.#request = { ...this.#request, frames: messages };
  }

  holders(segmentId: string): Holder[] {
    const { view, loads, node, isFresh } = this.#deps;
    const holders: Holder[] = [];
    for (const name of view.holders(segmentId)) {
      const info = node.presence.find(name);
      if (info === undefined) continue;
      holders.push({
        node: name,
        fresh: isFresh(name) && !info.suspect,
        load: loads.of(name, node.clock.monotonic()) + roleLoad(info),
      });
    }
    return holders;
  }
}
