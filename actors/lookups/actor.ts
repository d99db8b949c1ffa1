/**
 * Loads the registered lookups of this process's tier and keeps them as they are registered. Asks the leading
 * coordinator when it hears of a change, and every few seconds in case it did not; without a coordinator everything
 * stays as it is, after a restart as the snapshot on disk has it.
 */
import { asCoded, CodedError } from '../../proto/errors.js';
import { LookupService, RestService } from '../../proto/services.js';
import type { Pool } from '../../query/engine/pool-api.js';
import type { LookupInput } from '../../query/lookup/build.js';
import { parseLookupSpec } from '../../query/lookup/spec.js';
import type { LookupTable } from '../../query/lookup/table.js';
import type { ActorContext, Behavior, ChildSpec, Node } from '../../runtime/types.js';
import { lookupsChanged, lookupsRole } from '../lookup-names.js';
import { RestRouter } from '../rest-router.js';
import { readNamespace } from '../lookup-file.js';
import { planLookups, retryMs, type LookupDigest } from './plan.js';
import { lookupNodeRoutes } from './rest.js';
import { readSnapshot, writeSnapshot } from './snapshot.js';
import type { HeldLookup, LookupStore } from './store.js';

export interface LookupsSettings {
  readonly tier: string;
  /** Where the snapshot is kept. */
  readonly snapshotFile: string;
  /** Between questions to the coordinator. */
  readonly pollMs: number;
  /** Folders and hosts that namespaces may read from; see ingest/sources/source.ts. */
  readonly inputDirs: readonly string[];
  readonly httpAllow: readonly string[];
  readonly workDir: string;
}
export const lookupsDefaults = { pollMs: 10_000 } as const;

export interface LookupsDeps {
  readonly node: Node;
  /** Builds the tables. */
  readonly pool: Pick<Pool, 'run'>;
  readonly store: LookupStore;
  readonly settings: LookupsSettings;
}

export type LookupsMessage =
  | { readonly type: 'sync' }
  | { readonly type: 'listed'; readonly wanted: readonly LookupDigest[] }
  | { readonly type: 'unheard'; readonly error: Error }
  | { readonly type: 'fetched'; readonly lookup: HeldLookup | undefined }
  | { readonly type: 'notFetched'; readonly name: string; readonly error: Error }
  | { readonly type: 'load'; readonly name: string }
  | { readonly type: 'built'; readonly held: HeldLookup; readonly result: Built | undefined }
  | { readonly type: 'notBuilt'; readonly held: HeldLookup; readonly error: Error };

interface Built {
  readonly table: LookupTable;
  /** Of the file it was made from. */
  readonly stamp: string | undefined;
  /** 0 = never again. */
  readonly pollMs: number;
}

/** One that is registered: loaded, being loaded or waiting for the next attempt. */
interface Wanted {
  readonly held: HeldLookup;
  readonly stop: AbortController;
  stamp: string | undefined;
  failures: number;
}

const callMs = 10_000;
/** Until the coordinator has been heard once. */
const firstMs = 500;

export function createLookups(deps: LookupsDeps): ChildSpec<LookupsMessage> {
  return { name: 'lookups', behavior: () => new Lookups(deps) };
}

export class Lookups implements Behavior<LookupsMessage> {
  readonly #deps: LookupsDeps;
  readonly #wanted = new Map<string, Wanted>();
  readonly #fetching = new Set<string>();
  readonly #stops: (() => void)[] = [];
  #isListing = false;
  #isAgain = false;
  #isHeard = false;

  constructor(deps: LookupsDeps) {
    this.#deps = deps;
  }

  async started(context: ActorContext<LookupsMessage>): Promise<void> {
    const { node, settings, store } = this.#deps;
    node.presence.setRole(lookupsRole, { state: 'STARTING', tier: settings.tier });
    this.#serve();
    // What the snapshot holds is usable before the first query comes; files are read meanwhile.
    for (const held of await readSnapshot(settings.snapshotFile)) {
      this.#want(held, context, false);
      if (held.type === 'map' && store.get(held.name)?.digest !== held.digest)
        await this.#loadNow(held, context);
      else context.self.tell({ type: 'load', name: held.name });
    }
    const changed = node.bus.subscribe(lookupsChanged, () => void context.self.tell({ type: 'sync' }));
    this.#stops.push(() => changed.stop());
    context.every('poll', firstMs, { type: 'sync' });
    node.presence.setRole(lookupsRole, { state: 'RUNNING' });
    context.self.tell({ type: 'sync' });
  }

  async receive(message: LookupsMessage, context: ActorContext<LookupsMessage>): Promise<void> {
    switch (message.type) {
      case 'sync':
        this.#list(context);
        break;
      case 'listed':
        await this.#listed(message.wanted, context);
        break;
      case 'unheard':
        this.#isListing = false;
        context.log.debug('the lookups were not listed', { reason: message.error.message });
        break;
      case 'fetched':
        if (message.lookup !== undefined) {
          this.#fetching.delete(message.lookup.name);
          this.#want(message.lookup, context, true);
          await this.#keep();
        }
        break;
      case 'notFetched':
        this.#fetching.delete(message.name);
        context.log.warn('a lookup was not fetched', { lookup: message.name, reason: message.error.message });
        break;
      case 'load':
        this.#load(message.name, context);
        break;
      case 'built':
        this.#built(message.held, message.result, context);
        break;
      case 'notBuilt':
        this.#notBuilt(message.held, message.error, context);
        break;
    }
  }

  stopping(): void {
    for (const stop of this.#stops.splice(0)) stop();
    for (const { stop } of this.#wanted.values()) stop.abort();
    this.#deps.node.presence.setRole(lookupsRole, { state: 'STOPPED' });
  }

  #serve(): void {
    const { node, store } = this.#deps;
    const router = new RestRouter(
      lookupNodeRoutes({
        store,
        clock: node.clock,
        pending: () =>
          [...this.#wanted.values()]
            .map(({ held }) => held)
            .filter((held) => store.get(held.name)?.digest !== held.digest),
      }),
    );
    const rest = node.transport.serve(
      RestService,
      { Call: (request, call) => router.call(request, call) },
      { scope: lookupsRole },
    );
    this.#stops.push(() => rest.stop());
  }

  // ---- what there is

  #list(context: ActorContext<LookupsMessage>): void {
    const { node, settings } = this.#deps;
    const leader = node.presence.leader('coordinator');
    if (leader === undefined) return;
    if (this.#isListing) {
      this.#isAgain = true;
      return;
    }
    this.#isListing = true;
    const asked = node.transport
      .client(leader.grpcAddress)
      .unary(LookupService.List, { tier: settings.tier }, { deadline: node.deadline(callMs) });
    context.pipeToSelf(
      asked,
      ({ lookups }) => ({
        type: 'listed',
        wanted: (lookups ?? []).map(({ name, version, digest }) => ({
          name: name ?? '',
          version: version ?? '',
          digest: digest ?? '',
        })),
      }),
      (error) => ({ type: 'unheard', error }),
    );
  }

  async #listed(wanted: readonly LookupDigest[], context: ActorContext<LookupsMessage>): Promise<void> {
    this.#isListing = false;
    if (!this.#isHeard) {
      this.#isHeard = true;
      context.every('poll', this.#deps.settings.pollMs, { type: 'sync' });
    }
    const held = new Map([...this.#wanted].map(([name, one]) => [name, one.held]));
    const plan = planLookups(wanted, held);
    for (const { name } of plan.fetch) this.#fetch(name, context);
    for (const name of plan.drop) {
      this.#wanted.get(name)?.stop.abort();
      this.#wanted.delete(name);
      this.#deps.store.drop(name);
      context.cancelTimer(timerOf(name));
      context.log.info('lookup dropped', { lookup: name });
    }
    if (plan.drop.length > 0) await this.#keep();
    if (this.#isAgain) {
      this.#isAgain = false;
      this.#list(context);
    }
  }

  #fetch(name: string, context: ActorContext<LookupsMessage>): void {
    const { node, settings } = this.#deps;
    const leader = node.presence.leader('coordinator');
    if (leader === undefined || this.#fetching.has(name)) return;
    this.#fetching.add(name);
    const asked = node.transport
      .client(leader.grpcAddress)
      .unary(LookupService.Get, { tier: settings.tier, name }, { deadline: node.deadline(callMs) });
    context.pipeToSelf(
      asked,
      ({ known, lookup, type, factoryJson }): LookupsMessage => {
        if (known !== true) return { type: 'notFetched', name, error: new Error('it is gone') };
        const { version, digest } = lookup ?? {};
        return {
          type: 'fetched',
          lookup: {
            name,
            version: version ?? '',
            digest: digest ?? '',
            type: type ?? '',
            factoryJson: factoryJson ?? '',
          },
        };
      },
      (error) => ({ type: 'notFetched', name, error }),
    );
  }

  /** All that is registered, loaded or not. */
  async #keep(): Promise<void> {
    const { settings, node } = this.#deps;
    try {
      await writeSnapshot(
        settings.snapshotFile,
        [...this.#wanted.values()].map(({ held }) => held),
      );
    } catch (thrown) {
      node.log.warn('the snapshot of the lookups was not written', { reason: asCoded(thrown).message });
    }
  }

  // ---- loading

  #want(held: HeldLookup, context: ActorContext<LookupsMessage>, startsNow: boolean): void {
    this.#wanted.get(held.name)?.stop.abort();
    context.cancelTimer(timerOf(held.name));
    this.#wanted.set(held.name, { held, stop: new AbortController(), stamp: undefined, failures: 0 });
    if (startsNow) this.#load(held.name, context);
  }

  #load(name: string, context: ActorContext<LookupsMessage>): void {
    const wanted = this.#wanted.get(name);
    if (wanted === undefined) return;
    const { held } = wanted;
    context.pipeToSelf(
      this.#build(wanted),
      (result) => ({ type: 'built', held, result }),
      (error) => ({ type: 'notBuilt', held, error }),
    );
  }

  async #loadNow(held: HeldLookup, context: ActorContext<LookupsMessage>): Promise<void> {
    const wanted = this.#wanted.get(held.name);
    if (wanted === undefined) return;
    try {
      this.#built(held, await this.#build(wanted), context);
    } catch (thrown) {
      this.#notBuilt(held, asCoded(thrown), context);
    }
  }

  /** Undefined: the file has not changed. */
  async #build({ held, stop, stamp }: Wanted): Promise<Built | undefined> {
    const { pool } = this.#deps;
    const { name, version, digest, type, factoryJson } = held;
    const { signal } = stop;
    if (type !== 'cachedNamespace') {
      const input: LookupInput = { name, version: digest, factoryJson };
      const table = (await pool.run('lookup', input, [], { signal })) as LookupTable;
      return { table, stamp: undefined, pollMs: 0 };
    }
    const spec = parseLookupSpec(JSON.parse(factoryJson), `lookup[${name}]`);
    if (spec.type !== 'cachedNamespace') throw new CodedError('Bug', `lookup[${name}] has two types`);
    const file = await readNamespace(spec, stamp, this.#sourceDeps(signal));
    if (file === undefined) return undefined;
    const read = `${digest} ${version} ${this.#deps.node.random.hex(8)}`;
    const input: LookupInput = { name, version: read, factoryJson, file: file.bytes };
    const table = (await pool.run('lookup', input, [file.bytes.buffer], { signal })) as LookupTable;
    return { table, stamp: file.stamp, pollMs: spec.pollMs };
  }

  #sourceDeps(signal: AbortSignal) {
    const { node, settings } = this.#deps;
    const { inputDirs, httpAllow, workDir } = settings;
    return { inputDirs, httpAllow, workDir, segments: undefined, clock: node.clock, log: node.log, signal };
  }

  #built(held: HeldLookup, result: Built | undefined, context: ActorContext<LookupsMessage>): void {
    const wanted = this.#wanted.get(held.name);
    // Another one is wanted by now.
    if (wanted?.held.digest !== held.digest) return;
    wanted.failures = 0;
    if (result === undefined) {
      this.#loadAgain(held, context);
      return;
    }
    const { table, stamp, pollMs } = result;
    wanted.stamp = stamp;
    this.#deps.store.put({ ...held, table });
    context.log.info('lookup loaded', {
      lookup: held.name,
      version: held.version,
      entries: table.frame.rows,
    });
    if (pollMs > 0) context.timer(timerOf(held.name), pollMs, { type: 'load', name: held.name });
  }

  /** After the period in which its file is looked at. */
  #loadAgain(held: HeldLookup, context: ActorContext<LookupsMessage>): void {
    const spec = parseLookupSpec(JSON.parse(held.factoryJson), `lookup[${held.name}]`);
    if (spec.type === 'cachedNamespace' && spec.pollMs > 0)
      context.timer(timerOf(held.name), spec.pollMs, { type: 'load', name: held.name });
  }

  /** What was loaded before stays. */
  #notBuilt(held: HeldLookup, error: Error, context: ActorContext<LookupsMessage>): void {
    const wanted = this.#wanted.get(held.name);
    if (wanted?.held.digest !== held.digest) return;
    wanted.failures += 1;
    context.log.warn('a lookup was not loaded', { lookup: held.name, reason: error.message });
    context.timer(timerOf(held.name), retryMs(wanted.failures), { type: 'load', name: held.name });
  }
}

const timerOf = (name: string): string => `load ${name}`;
