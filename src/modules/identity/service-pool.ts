import type { Database } from '../../platform/database/index.ts';

type Pool = Database['ownerPool'];

/**
 * The owner's pool as better-auth may use it. Its queries know nothing of `asService`, and `users` is under forced
 * row-level security: a connection names the reason while better-auth has it, and forgets it before anybody else does.
 */
export function servicePool(pool: Pool): Pool {
  const connect = async () => {
    const client = await pool.connect();
    try {
      await client.query(`set app.service = 'sign in'`);
    } catch (error) {
      client.release(true);
      throw error;
    }
    return {
      query: client.query.bind(client),
      release: (broken?: boolean | Error) => {
        if (broken) client.release(broken);
        else
          client.query('reset app.service').then(
            () => client.release(),
            (error: Error) => client.release(error),
          );
      },
    };
  };
  // Kysely's PostgreSQL driver, which better-auth uses, asks no more of a pool than these two.
  return { connect, end: async () => undefined } as unknown as Pool;
}
