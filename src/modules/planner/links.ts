/** Links between tasks, goals and problems. One user's are changed one after the other, so that no two make a circle. */
import { and, desc, eq, lt, or, sql } from 'drizzle-orm';
import type { Tx } from '../../platform/database/index.ts';
import { AppError } from '../../platform/errors.ts';
import type { OperationContext } from '../../platform/operations/index.ts';
import { cycleOf, type Link, type Node } from './cycles.ts';
import { entitiesByIds } from './find.ts';
import { type EntityLink, entityLinks } from './schema.ts';
import { type EntityType, type LinkType, wrongEnd } from './statuses.ts';

/** The class of the advisory locks by which a user's plan is changed by one transaction at a time. */
const PLANNER_LOCK = 4750;

/** Waits for other changes that depend on what is there: captures, and links, which must not make a circle. */
export async function lockPlanner(tx: Tx, userId: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${PLANNER_LOCK}, hashtext(${userId}))`);
}

/** The links by which one thing waits for another. */
export async function waitingLinks(tx: Tx, userId: string): Promise<Link[]> {
  return tx
    .select()
    .from(entityLinks)
    .where(
      and(
        eq(entityLinks.user_id, userId),
        or(eq(entityLinks.link_type, 'depends_on'), eq(entityLinks.link_type, 'blocks')),
      ),
    );
}

/** @returns the link; the one that is there already when it is made again */
export async function createLink(ctx: OperationContext, link: Link): Promise<EntityLink> {
  const wrong = wrongEnd(link.link_type, link.to_entity_type);
  if (wrong) throw new AppError('bad_request', `${wrong}.`);
  await lockPlanner(ctx.tx, ctx.userId);
  const ends: Node[] = [
    { entity_type: link.from_entity_type, id: link.from_entity_id },
    { entity_type: link.to_entity_type, id: link.to_entity_id },
  ];
  const found = await namesOf(ctx.tx, ctx.userId, ends);
  for (const { entity_type, id } of ends) {
    if (!found.has(`${entity_type}:${id}`))
      throw new AppError('not_found', `there is no ${entity_type} with the id ${id}.`);
  }
  const isSelf = link.from_entity_id === link.to_entity_id;
  const cycle = isSelf ? [ends[0]!] : cycleOf(await waitingLinks(ctx.tx, ctx.userId), link);
  if (cycle) throw cycleError(cycle, await namesOf(ctx.tx, ctx.userId, cycle));
  const made = await insertLinks(ctx, [link]);
  return made[0] ?? (await existing(ctx.tx, ctx.userId, link));
}

/** Those that were not there yet. */
export async function insertLinks(ctx: OperationContext, links: readonly Link[]): Promise<EntityLink[]> {
  if (links.length === 0) return [];
  const made = await ctx.tx
    .insert(entityLinks)
    .values(links.map((link) => ({ ...link, user_id: ctx.userId, created_at: ctx.now })))
    .onConflictDoNothing()
    .returning();
  for (const { id, link_type } of made) ctx.event('link.created', { type: 'link', id }, { link_type });
  return made;
}

async function existing(tx: Tx, userId: string, link: Link): Promise<EntityLink> {
  const [row] = await tx
    .select()
    .from(entityLinks)
    .where(
      and(
        eq(entityLinks.user_id, userId),
        eq(entityLinks.from_entity_type, link.from_entity_type),
        eq(entityLinks.from_entity_id, link.from_entity_id),
        eq(entityLinks.to_entity_type, link.to_entity_type),
        eq(entityLinks.to_entity_id, link.to_entity_id),
        eq(entityLinks.link_type, link.link_type),
      ),
    );
  return row!;
}

async function namesOf(tx: Tx, userId: string, nodes: readonly Node[]): Promise<Map<string, string>> {
  const refs = nodes.map(({ entity_type, id }) => ({ entity_type, entity_id: id }));
  const found = await entitiesByIds(tx, userId, refs);
  return new Map(found.map(({ entity_type, id, title }) => [`${entity_type}:${id}`, title]));
}

/** Says the circle: `"A" waits for "B", "B" waits for "A"`. */
function cycleError(cycle: readonly Node[], names: ReadonlyMap<string, string>): AppError {
  const named = cycle.map((node) => ({
    ...node,
    title: names.get(`${node.entity_type}:${node.id}`) ?? node.id,
  }));
  if (named.length === 1)
    return new AppError('cycle', `"${named[0]!.title}" cannot be linked to itself.`, {
      details: { cycle: named },
    });
  const steps = named.map(
    ({ title }, index) => `"${title}" waits for "${named[(index + 1) % named.length]!.title}"`,
  );
  return new AppError('cycle', `that would close a circle: ${steps.join(', ')}.`, {
    details: { cycle: named },
  });
}

/** @throws AppError `not_found` */
export async function deleteLink(ctx: OperationContext, id: string): Promise<void> {
  const [gone] = await ctx.tx
    .delete(entityLinks)
    .where(and(eq(entityLinks.user_id, ctx.userId), eq(entityLinks.id, id)))
    .returning();
  if (!gone) throw new AppError('not_found', 'there is no link with this id.');
  ctx.event('link.deleted', { type: 'link', id }, { link_type: gone.link_type });
}

export interface LinkFilter {
  readonly entity_type?: EntityType | undefined;
  readonly entity_id?: string | undefined;
  readonly link_type?: LinkType | undefined;
  readonly limit: number;
}

/** The newest first; one more than `limit`. */
export async function listLinks(
  tx: Tx,
  userId: string,
  filter: LinkFilter,
  after: string | undefined,
): Promise<EntityLink[]> {
  const { entity_type: type, entity_id: id, link_type } = filter;
  const end = (endType: typeof entityLinks.from_entity_type, endId: typeof entityLinks.from_entity_id) =>
    and(type === undefined ? undefined : eq(endType, type), id === undefined ? undefined : eq(endId, id));
  return tx
    .select()
    .from(entityLinks)
    .where(
      and(
        eq(entityLinks.user_id, userId),
        link_type === undefined ? undefined : eq(entityLinks.link_type, link_type),
        type === undefined && id === undefined
          ? undefined
          : or(
              end(entityLinks.from_entity_type, entityLinks.from_entity_id),
              // The columns differ by name alone.
              end(
                entityLinks.to_entity_type as unknown as typeof entityLinks.from_entity_type,
                entityLinks.to_entity_id as unknown as typeof entityLinks.from_entity_id,
              ),
            ),
        after === undefined ? undefined : lt(entityLinks.id, after),
      ),
    )
    .orderBy(desc(entityLinks.id))
    .limit(filter.limit + 1);
}
