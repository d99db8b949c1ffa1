/** The broker's settings out of the process's. */
import type { Settings } from '../../config/settings.js';
import { invalidInput } from '../../proto/errors.js';
import { isObject, type JsonObject } from '../../query/native/json-fields.js';
import { brokerDefaults, type BrokerSettings } from './actor.js';
import { schedulerSettings } from './scheduler.js';

/** @throws CodedError InvalidInput naming the setting. */
export function brokerSettings(settings: Settings): BrokerSettings {
  const { queryTimeoutMs, queryTimeoutMsMax: timeoutMsMax } = settings;
  return {
    ...brokerDefaults,
    queryTimeoutMs: timeoutMsMax === 0 ? queryTimeoutMs : Math.min(queryTimeoutMs, timeoutMsMax),
    context: { maxSubqueryRows: settings.subqueryRowsMax, ...defaultContext(settings.queryContext) },
    limits: {
      timeoutMsMax,
      scatterGatherBytesMax: settings.scatterGatherBytesMax,
      heldBytesMax: settings.queryBytesMax,
      dictionaryBytesMax: settings.dictionaryBytesMax,
    },
    scheduler: schedulerSettings({
      queriesMax: settings.queriesMax,
      laning: settings.queryLaning,
      lowPercentMax: settings.queryLowPercentMax,
      lanes: settings.queryLanes,
    }),
  };
}

function defaultContext(text: string): JsonObject {
  if (text === '') return {};
  try {
    const json: unknown = JSON.parse(text);
    if (isObject(json)) return json;
  } catch {
    // Said below.
  }
  throw invalidInput('Setting[queryContext] must be a JSON object', 'queryContext');
}
