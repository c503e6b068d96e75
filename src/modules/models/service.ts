import { and, desc, eq, gte, like, lt, or, sql } from 'drizzle-orm';
import type { Tx } from '../../platform/database/index.ts';
import type { Purpose } from './purposes.ts';
import { type ModelSettings, type ResolvedModel, resolveModel } from './resolve.ts';
import { type LedgerRow, llmCalls, settings } from './schema.ts';

/** @returns the user's choices of models, by setting key. */
export async function readModelSettings(tx: Tx, userId: string): Promise<ModelSettings> {
  const rows = await tx
    .select({ key: settings.key, value: settings.value })
    .from(settings)
    .where(and(eq(settings.user_id, userId), like(settings.key, 'model.%')));
  return Object.fromEntries(
    rows.flatMap(({ key, value }) => (typeof value === 'string' ? [[key, value]] : [])),
  );
}

/**
 * The model that this user gets for a purpose, ready to be called.
 *
 * @param override what the agent or conversation asks for, as `provider/model`
 * @throws AppError like `chooseModel`
 */
export async function modelFor(
  tx: Tx,
  userId: string,
  purpose: Purpose,
  override?: string | null,
): Promise<ResolvedModel> {
  return resolveModel(purpose, await readModelSettings(tx, userId), override);
}

/** Sets one of the user's settings; null takes it back. */
export async function writeSetting(
  tx: Tx,
  userId: string,
  key: string,
  value: unknown,
  now: Date,
): Promise<void> {
  if (value === null) {
    await tx.delete(settings).where(and(eq(settings.user_id, userId), eq(settings.key, key)));
    return;
  }
  await tx
    .insert(settings)
    .values({ user_id: userId, key, value, updated_at: now })
    .onConflictDoUpdate({ target: [settings.user_id, settings.key], set: { value, updated_at: now } });
}

/** Puts a call on the books; in the same transaction as what came of it. */
export async function insertCall(tx: Tx, row: LedgerRow): Promise<void> {
  await tx.insert(llmCalls).values(row);
}

interface CallFilter {
  readonly operation?: string | undefined;
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
  readonly status?: LedgerRow['status'] | undefined;
  readonly conversation_id?: string | undefined;
  readonly run_id?: string | undefined;
}

/** The newest calls first; one more than `limit`, so that the caller sees whether there is a next page. */
export async function listCalls(
  tx: Tx,
  userId: string,
  filter: CallFilter,
  limit: number,
  after: readonly [createdAt: string, id: string] | undefined,
) {
  const wanted = (['operation', 'provider', 'model', 'status', 'conversation_id', 'run_id'] as const).flatMap(
    (name) => (filter[name] === undefined ? [] : [sql`${llmCalls[name]} = ${filter[name]}`]),
  );
  const beyond =
    after &&
    or(
      lt(llmCalls.created_at, new Date(after[0])),
      and(eq(llmCalls.created_at, new Date(after[0])), lt(llmCalls.id, after[1])),
    );
  return tx
    .select()
    .from(llmCalls)
    .where(and(eq(llmCalls.user_id, userId), ...wanted, beyond))
    .orderBy(desc(llmCalls.created_at), desc(llmCalls.id))
    .limit(limit + 1);
}

/** What was spent since `from`, by day (UTC), provider, model and operation; the newest day first. Uses llm_calls_user_created. */
export async function dailyCosts(tx: Tx, userId: string, from: Date) {
  const day = sql<string>`(${llmCalls.created_at} at time zone 'UTC')::date`;
  return tx
    .select({
      date: sql<string>`(${llmCalls.created_at} at time zone 'UTC')::date::text`,
      provider: llmCalls.provider,
      model: llmCalls.model,
      operation: llmCalls.operation,
      calls: sql<number>`count(*)::int`,
      input_tokens: sql<number>`coalesce(sum(${llmCalls.input_tokens}), 0)::float8`,
      output_tokens: sql<number>`coalesce(sum(${llmCalls.output_tokens}), 0)::float8`,
      cost: sql<string | null>`sum(${llmCalls.cost})::text`,
      unknown_price_calls: sql<number>`count(*) filter (where ${llmCalls.cost} is null)::int`,
    })
    .from(llmCalls)
    .where(and(eq(llmCalls.user_id, userId), gte(llmCalls.created_at, from)))
    .groupBy(day, llmCalls.provider, llmCalls.model, llmCalls.operation)
    .orderBy(desc(day), llmCalls.provider, llmCalls.model, llmCalls.operation);
}
