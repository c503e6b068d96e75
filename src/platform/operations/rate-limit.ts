import { sql } from 'drizzle-orm';
import { AppError } from '../errors.ts';
import type { Runtime } from './run.ts';

/**
 * Counts a call within the current minute, in a transaction of its own so that failed calls count too.
 *
 * @param perMinute calls allowed a minute
 * @throws AppError `rate_limited`; `details.retry_after` is in seconds
 */
export async function countCall(
  runtime: Runtime,
  userId: string,
  operation: string,
  perMinute: number,
): Promise<void> {
  const now = runtime.clock.now();
  const { rows } = await runtime.db.asUser(userId, (tx) =>
    tx.execute<{ calls: number }>(sql`
      insert into rate_limits as r (user_id, operation, window_start, calls)
      values (${userId}, ${operation}, date_trunc('minute', ${now.toISOString()}::timestamptz), 1)
      on conflict (user_id, operation) do update set
        calls = case when r.window_start = excluded.window_start then r.calls + 1 else 1 end,
        window_start = excluded.window_start
      returning calls`),
  );
  if (rows[0]!.calls > perMinute) {
    const retryAfter = 60 - now.getUTCSeconds();
    throw new AppError(
      'rate_limited',
      `at most ${perMinute} calls a minute (${operation}); try again in ${retryAfter} s.`,
      {
        details: { retry_after: retryAfter },
      },
    );
  }
}
