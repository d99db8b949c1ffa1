/** Commands to data nodes: sent with a deadline, remembered until their effect is seen, forgotten when it never is. */
import { fromErrorInfo, type CodedError } from '../../proto/errors.js';
import { codecs } from '../../proto/services.js';
import { subjectToken } from '../../runtime/subject.js';
import type { Clock, Node, Random } from '../../runtime/types.js';
import type { NodeInventory } from '../inventory-watch.js';
import type { InFlight, PlannedCommand } from './plan.js';

export interface CommandSettings {
  readonly dropDelayMs: number;
  /** Until a command is answered and its effect seen in the inventory. */
  readonly commandMs: number;
}

type Flight = InFlight & { readonly untilMonotonicMs: number };

export class Commands {
  readonly #node: Node;
  readonly #settings: CommandSettings;
  readonly #flights = new Map<string, Flight>();

  constructor(node: Node, settings: CommandSettings) {
    this.#node = node;
    this.#settings = settings;
  }

  get inFlight(): InFlight[] {
    return [...this.#flights.values()];
  }

  get isQuiet(): boolean {
    return this.#flights.size === 0;
  }

  clear(): void {
    this.#flights.clear();
  }

  /** Rejects with what the node says, or when it says nothing in time. */
  async send(
    epoch: number,
    command: PlannedCommand,
    segmentJson: string,
    { clock, random }: { readonly clock: Clock; readonly random: Random },
  ): Promise<void> {
    const { dropDelayMs, commandMs } = this.#settings;
    const { kind, node, segmentId } = command;
    const commandId = random.hex(8);
    const header = { clusterId: this.#node.clusterId(), role: 'coordinator', epoch, commandId, trace: '' };
    const data =
      kind === 'load'
        ? codecs.LoadSegment.encode({ header, segmentJson })
        : codecs.DropSegment.encode({ header, segmentId, delayMs: dropDelayMs });
    const untilMonotonicMs = clock.monotonic() + commandMs;
    this.#flights.set(flightKey(command), { ...command, untilMonotonicMs });
    const subject = `cmd.historical.${subjectToken(node)}.${kind}`;
    const reply = await this.#node.bus.request(subject, data, { deadline: this.#node.deadline(commandMs) });
    const result = codecs.CommandResult.decode(reply.data);
    if (result.ok !== true) throw fromErrorInfo(result.error ?? {});
  }

  /**
   * It was not obeyed. A drop that nobody answered may still be obeyed: until that is over no other copy may be
   * dropped in its stead.
   */
  failed(command: PlannedCommand, error: CodedError): void {
    const key = flightKey(command);
    const flight = this.#flights.get(key);
    const isUnknown = error.code === 'Timeout' || error.code === 'Unknown';
    if (flight === undefined || command.kind === 'load' || !isUnknown) this.#flights.delete(key);
    else
      this.#flights.set(key, {
        ...flight,
        untilMonotonicMs: flight.untilMonotonicMs + this.#settings.commandMs,
      });
  }

  /** Done when its effect is seen; given up at its deadline or when the node is gone. */
  forgetDone(inventories: readonly NodeInventory[], now: number): void {
    const nodes = new Map(inventories.map((one) => [one.info.node, one]));
    for (const [key, flight] of this.#flights) {
      const inventory = nodes.get(flight.node);
      const copy = inventory?.copies.get(flight.segmentId);
      const isDone = flight.kind === 'load' ? copy !== undefined : copy === undefined;
      if (inventory === undefined || isDone || flight.untilMonotonicMs <= now) this.#flights.delete(key);
    }
  }
}

export const flightKey = (command: PlannedCommand): string =>
  `${command.kind} ${command.node} ${command.segmentId}`;
