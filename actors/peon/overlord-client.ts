/**
 * Calls to the overlord, wherever it is just now: a call that gets no answer is made again (all of them may be
 * repeated) until the overlord has been silent for too long.
 */
import { asCoded, CodedError, fromErrorInfo, type ErrorCode } from '../../proto/errors.js';
import type { TaskAction, TaskActionResultOf } from '../../proto/task-actions.js';
import { TaskService, type grove, type UnaryMethod } from '../../proto/services.js';
import type { CallOptions, Clock, Log } from '../../runtime/types.js';
import { deadlineAfter, pause } from '../../runtime/deadline.js';
import { readJsonFile, type OverlordAddress } from '../peon-config.js';

export interface Channel {
  unary<Req, Res>(method: UnaryMethod<Req, Res>, request: Req, options: CallOptions): Promise<Res>;
  close(): void;
}
export interface OverlordClientDeps {
  readonly taskId: string;
  readonly incarnation: string;
  readonly overlordFile: string;
  readonly connect: (address: string) => Channel;
  readonly clock: Clock;
  readonly log: Log;
  readonly patienceMs: number;
}

const callMs = 10_000;
/** A lock is waited for inside the call. */
const actionMs = 30_000;
const retryMs = 250;
const triesPerLine = 20;
/** The overlord, or the store behind it, is away or has changed hands. */
const passing: readonly ErrorCode[] = [
  'Unavailable',
  'BusUnavailable',
  'MetadataUnavailable',
  'Timeout',
  'Unknown',
  'StaleEpoch',
  'Canceled',
];

export class OverlordClient {
  readonly #deps: OverlordClientDeps;
  #channel: { readonly address: string; readonly channel: Channel } | undefined;
  #heardAtMs: number;

  constructor(deps: OverlordClientDeps) {
    this.#deps = deps;
    this.#heardAtMs = deps.clock.monotonic();
  }

  /** Of the last answer, whatever it said. */
  silentMs(): number {
    return this.#deps.clock.monotonic() - this.#heardAtMs;
  }

  close(): void {
    this.#channel?.channel.close();
  }

  async task(): Promise<string> {
    const { taskId } = this.#deps;
    const result = await this.#insist('GetTask', () => this.#call(TaskService.GetTask, { taskId }, callMs));
    return result.taskJson ?? '';
  }

  /** Once, without repeating: the next beat is the repetition. */
  beat(
    beat: Pick<grove.task.v1.PeonBeat.$Properties, 'pid' | 'phase' | 'reportJson'>,
  ): Promise<grove.task.v1.PeonBeatResult.$Properties> {
    const { taskId, incarnation } = this.#deps;
    return this.#call(TaskService.Beat, { ...beat, taskId, incarnation }, callMs);
  }

  /**
   * `patienceMs`: default the task's own; inside a publish far longer, because its outcome has to be known.
   * Errors: what the overlord refused it with; Unavailable when it stayed silent.
   */
  async action<Action extends TaskAction>(
    action: Action,
    options: { readonly signal?: AbortSignal; readonly patienceMs?: number } = {},
  ): Promise<TaskActionResultOf<Action['type']>> {
    const { taskId, incarnation } = this.#deps;
    const request = { taskId, incarnation, actionJson: JSON.stringify(action) };
    const result = await this.#insist(
      action.type,
      () => this.#call(TaskService.Action, request, actionMs, options.signal),
      options,
    );
    return JSON.parse(result.resultJson ?? 'null') as TaskActionResultOf<Action['type']>;
  }

  async done(done: Omit<grove.task.v1.TaskDone.$Properties, 'taskId' | 'incarnation'>): Promise<void> {
    const { taskId, incarnation } = this.#deps;
    await this.#insist('Done', () => this.#call(TaskService.Done, { ...done, taskId, incarnation }, callMs));
  }

  async #insist<Res>(
    what: string,
    call: () => Promise<Res>,
    options: { readonly signal?: AbortSignal; readonly patienceMs?: number } = {},
  ): Promise<Res> {
    const { clock, log, patienceMs } = this.#deps;
    const limitMs = options.patienceMs ?? patienceMs;
    const startedAt = clock.monotonic();
    let tries = 0;
    for (;;) {
      try {
        return await call();
      } catch (thrown) {
        const error = asCoded(thrown);
        const isGivenUp = options.signal?.aborted === true;
        if (isGivenUp || !passing.includes(error.code)) throw error;
        const waitedMs = clock.monotonic() - Math.max(startedAt, this.#heardAtMs);
        if (waitedMs > limitMs) {
          const seconds = Math.round(waitedMs / 1000);
          throw new CodedError(
            'Unavailable',
            `No overlord answered ${what} for ${seconds} s: ${error.message}`,
          );
        }
        if (tries++ % triesPerLine === 0) {
          log.warn('the overlord did not answer, asking again', { what, reason: error.message });
        }
        await pause(clock, retryMs, options.signal);
      }
    }
  }

  async #call<Req, Res extends object>(
    method: UnaryMethod<Req, Res>,
    request: Req,
    ms: number,
    signal?: AbortSignal,
  ): Promise<Res> {
    const options = {
      deadline: deadlineAfter(this.#deps.clock, ms),
      ...(signal === undefined ? {} : { signal }),
    };
    const result = await this.#connected().unary(method, request, options);
    const refused = (result as { readonly error?: grove.cluster.v1.ErrorInfo.$Properties | null }).error;
    if (refused !== undefined && refused !== null) {
      const error = fromErrorInfo(refused);
      // A node that does not lead answers too, but is no overlord to this task.
      if (error.code !== 'Unavailable') this.#heardAtMs = this.#deps.clock.monotonic();
      throw error;
    }
    this.#heardAtMs = this.#deps.clock.monotonic();
    return result;
  }

  /** The address is read again each time: the middle manager keeps it current. */
  #connected(): Channel {
    const { overlordFile, connect } = this.#deps;
    const address = readJsonFile<OverlordAddress>(overlordFile)?.address ?? '';
    if (address === '') throw new CodedError('Unavailable', 'No overlord is known');
    if (this.#channel?.address !== address) {
      this.#channel?.channel.close();
      this.#channel = { address, channel: connect(address) };
    }
    return this.#channel.channel;
  }
}
