import { pino } from 'pino';

/**
 * The log: one JSON object a line on stderr, so that stdout stays free for what a command prints.
 * Whatever may hold a secret is removed by name; bodies and prompts are never logged at all.
 */
export const log = pino(
  {
    level: process.env.STEWARD_LOG_LEVEL ?? 'info',
    base: null,
    // An error of a library may carry its whole connection; only what a reader needs is kept.
    serializers: {
      err: (error: unknown) =>
        error instanceof Error
          ? {
              type: error.name,
              message: error.message,
              code: (error as { code?: unknown }).code,
              stack: error.stack,
            }
          : { message: String(error) },
    },
    redact: {
      paths: [
        'authorization',
        'cookie',
        'password',
        'token',
        'key',
        '*.authorization',
        '*.cookie',
        '*.password',
      ],
      censor: '[removed]',
    },
  },
  pino.destination({ dest: 2, sync: true }),
);
