/** Segment files that were pushed and are not published yet: taken away again when nothing comes of them. */
import { asCoded } from '../../proto/errors.js';
import type { Log } from '../../runtime/types.js';
import type { DeepStorage, PushOptions } from '../../segment/store/deep-storage.js';
import type { DataSegment, LoadSpec } from '../../segment/timeline/data-segment.js';

/** Deep storage that remembers what was pushed through it. Only for writers with folders of their own. */
export class UnpublishedFiles implements DeepStorage {
  readonly #store: DeepStorage;
  readonly #log: Log;
  readonly #before: (segment: DataSegment) => Promise<void>;
  readonly #pushed: LoadSpec[] = [];

  /** `before`: waited for before each push. */
  constructor(store: DeepStorage, log: Log, before: (segment: DataSegment) => Promise<void>) {
    this.#store = store;
    this.#log = log;
    this.#before = before;
  }

  async push(dir: string, segment: DataSegment, options?: PushOptions): Promise<DataSegment> {
    await this.#before(segment);
    const record = await this.#store.push(dir, segment, options);
    if (record.loadSpec !== null) this.#pushed.push(record.loadSpec);
    return record;
  }

  pull(
    loadSpec: LoadSpec,
    targetDir: string,
    options?: PushOptions & { readonly expectedSize?: number },
  ): Promise<number> {
    return this.#store.pull(loadSpec, targetDir, options);
  }

  kill(loadSpec: LoadSpec): Promise<void> {
    return this.#store.kill(loadSpec);
  }

  /** Never rejects: what can't be removed is in nobody's way. */
  async discard(): Promise<void> {
    await discardFiles(this.#store, this.#pushed.splice(0), this.#log);
  }
}

async function discardFiles(store: DeepStorage, loadSpecs: readonly LoadSpec[], log: Log): Promise<void> {
  for (const loadSpec of loadSpecs) {
    await store.kill(loadSpec).catch((thrown: unknown) => {
      log.warn('an unpublished segment file is still there', { reason: asCoded(thrown).message });
    });
  }
}
