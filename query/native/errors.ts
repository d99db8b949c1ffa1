/**
 * Errors as Druid's doors answer them: (status, JSON body). Three shapes: the short form of a body that could not be
 * bound to a query, the form of a query failure ("legacyQueryException"), and the plain envelope.
 */
import type { CodedError, ErrorCategory, ErrorCode } from '../../proto/errors.js';
import { jsonText } from '../json/write.js';

export interface ErrorAnswer {
  readonly status: number;
  /** JSON, Content-Type application/json. */
  readonly body: string;
}

/** `error` and class of a query failure by code, as clients of Druid know them. */
interface LegacyForm {
  readonly error: string;
  readonly errorClass: string;
  readonly status: number;
  readonly category: ErrorCategory | 'UNCATEGORIZED';
}

const packages = 'org.apache.druid.query';
const legacyForms: Partial<Record<ErrorCode, LegacyForm>> = {
  Timeout: {
    error: 'Query timeout',
    errorClass: `${packages}.QueryTimeoutException`,
    status: 504,
    category: 'TIMEOUT',
  },
  Canceled: {
    error: 'Query cancelled',
    errorClass: `${packages}.QueryInterruptedException`,
    status: 500,
    category: 'CANCELED',
  },
  LimitExceeded: {
    error: 'Resource limit exceeded',
    errorClass: `${packages}.ResourceLimitExceededException`,
    status: 400,
    category: 'INVALID_INPUT',
  },
  MailboxFull: {
    error: 'Query capacity exceeded',
    errorClass: `${packages}.QueryCapacityExceededException`,
    status: 429,
    category: 'CAPACITY_EXCEEDED',
  },
  Unsupported: {
    error: 'Unsupported operation',
    errorClass: `${packages}.QueryUnsupportedException`,
    status: 501,
    category: 'UNSUPPORTED',
  },
  QueryFailed: {
    error: 'Unknown exception',
    errorClass: 'java.lang.RuntimeException',
    status: 500,
    category: 'RUNTIME_FAILURE',
  },
};

const syntaxClass = 'com.fasterxml.jackson.core.JsonParseException';
const emptyClass = 'com.fasterxml.jackson.databind.exc.MismatchedInputException';

/**
 * The answer for an error of a native query. Hints in the error's context: `errorClass` = the Java class to report,
 * `legacyCode` = the `error` text of a query failure, `json` = the kind of a JSON syntax error.
 */
export function errorEnvelope(error: CodedError): ErrorAnswer {
  const { code, message, context, spec } = error;
  const errorClass = textOf(context['errorClass']);
  const legacyCode = textOf(context['legacyCode']);
  if (legacyCode !== undefined) {
    return legacy(message, {
      error: legacyCode,
      errorClass: errorClass ?? 'java.lang.RuntimeException',
      status: spec.http,
      // What Druid reports of itself has no category.
      category: legacyCode === 'druidException' ? 'UNCATEGORIZED' : spec.category,
    });
  }
  if (code === 'InvalidInput' && 'json' in context) {
    return unbound(message, context['json'] === 'empty' ? emptyClass : syntaxClass);
  }
  if (code === 'InvalidInput' && errorClass !== undefined) return unbound(message, errorClass);
  const form = legacyForms[code];
  if (form !== undefined) return legacy(message, errorClass === undefined ? form : { ...form, errorClass });
  return plain(error);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function unbound(message: string, errorClass: string): ErrorAnswer {
  return {
    status: 400,
    body: jsonText({ error: 'Unknown exception', errorMessage: message, errorClass, host: null }),
  };
}

function legacy(message: string, form: LegacyForm): ErrorAnswer {
  const { error, errorClass, status, category } = form;
  const body = {
    error,
    errorClass,
    host: null,
    errorCode: 'legacyQueryException',
    persona: 'OPERATOR',
    category,
    errorMessage: message,
    context: { host: null, errorClass, legacyErrorCode: error },
  };
  return { status, body: jsonText(body) };
}

/** Druid's envelope of all other errors; the error's own context goes along as text. */
export function plain(error: CodedError): ErrorAnswer {
  const { spec, message, context } = error;
  const body = {
    error: 'druidException',
    errorCode: spec.druidCode,
    persona: spec.persona,
    category: spec.category,
    errorMessage: message,
    context: Object.fromEntries(Object.entries(context).map(([key, value]) => [key, String(value)])),
  };
  return { status: spec.http, body: jsonText(body) };
}
