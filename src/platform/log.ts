import { pino } from 'pino';

/** What an error says, without the values of a failed query: those are people's data. */
export function errorMessage(error: unknown): string {
  return cleaned(error instanceof Error ? error : new Error(String(error))).message;
}

function cleaned(error: Error): Error {
  return error.message.startsWith('Failed query:') && error.cause instanceof Error ? error.cause : error;
}

/** Names under which secrets travel, at the top of a line and one level below. */
const SECRETS = ['authorization', 'cookie', 'password', 'token', 'key'];

/**
 * What a reader needs of an error. A library's error may carry its whole connection, and a failed query names the
 * values that it was called with, which are people's data: its cause, the server's own message, does not.
 */
function describe(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const shown = cleaned(error);
  const stack = error.stack ?? '';
  return {
    type: shown.name,
    message: shown.message,
    code: (shown as { code?: unknown }).code,
    stack: stack.slice(stack.indexOf('\n    at ') + 1),
  };
}

/**
 * The log: one JSON object a line on stderr, so that stdout stays free for what a command prints.
 * Whatever may hold a secret is removed by name; bodies and prompts are never logged at all.
 */
export const log = pino(
  {
    level: process.env.STEWARD_LOG_LEVEL ?? 'info',
    base: null,
    serializers: { err: describe },
    redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), censor: '[removed]' },
  },
  pino.destination({ dest: 2, sync: true }),
);
