/**
 * Every code a client can see, and the HTTP status it travels with. Codes are stable: programs match on them,
 * the documentation lists them, and a test holds every error body to this table.
 */
export const ERRORS = {
  bad_request: 400,
  validation_failed: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  cycle: 409,
  idempotency_conflict: 409,
  request_in_progress: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  unprocessable_model_output: 422,
  provider_auth: 424,
  provider_rejected: 424,
  provider_quota: 424,
  model_not_found: 424,
  rate_limited: 429,
  internal: 500,
  provider_unavailable: 503,
  provider_rate_limited: 503,
  provider_timeout: 504,
  unavailable: 503,
  // Raised at the terminal, before there is anything to answer over HTTP.
  configuration: 500,
  home_in_use: 500,
  port_in_use: 500,
  home_unreadable: 500,
  database_version: 500,
  database_unreachable: 500,
  backup_damaged: 500,
  backup_newer: 500,
} as const satisfies Record<string, number>;

export type ErrorCode = keyof typeof ERRORS;

/**
 * An error that somebody can act on: it says what was wrong and what to do, with a stable code.
 * Anything else that is thrown is a defect and is shown as `internal`.
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: unknown;

  constructor(code: ErrorCode, message: string, options: { details?: unknown; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.details = options.details;
  }

  get status(): number {
    return ERRORS[this.code];
  }
}

/** The body every face shows for an error. `details` is absent when there are none. */
export interface ErrorBody {
  error: { code: ErrorCode; message: string; request_id: string; details?: unknown };
}

/** @returns the body for `error`; a defect's own message is never shown, it may hold anything. */
export function errorBody(error: AppError, requestId: string): ErrorBody {
  return {
    error: {
      code: error.code,
      message: error.message,
      request_id: requestId,
      ...(error.details === undefined ? {} : { details: error.details }),
    },
  };
}
