/** A refused submission as Druid words it: `{"error": …}` for bad specs, the envelope for the rest. */
import type { CodedError } from '../../proto/errors.js';

export function submitEnvelope(error: CodedError): { readonly status: number; readonly json: unknown } {
  if (error.code === 'Conflict' && error.context['exists'] !== undefined) {
    return { status: 400, json: envelope('entryAlreadyExists', 'USER', 'INVALID_INPUT', error.message) };
  }
  if (error.code === 'InvalidInput' || error.code === 'Unsupported') {
    return { status: 400, json: { error: error.message } };
  }
  const { http, persona, category, druidCode } = error.spec;
  return { status: http, json: envelope(druidCode, persona, category, error.message) };
}

function envelope(errorCode: string, persona: string, category: string, errorMessage: string): unknown {
  return { error: 'druidException', errorCode, persona, category, errorMessage, context: {} };
}
