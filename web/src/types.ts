/** The rows of the REST interface, by the names the page has for them; what is in them the operations declare. */
import type { Input, Output } from './api.ts';

export type Task = Output<'GET /v1/tasks/{id}'>;
export type Goal = Output<'GET /v1/goals/{id}'>;
export type Problem = Output<'GET /v1/problems/{id}'>;
export type Entity = Task | Goal | Problem;
/** What of an entity of any kind may be changed. */
export type Changes = Omit<Input<`PATCH /v1/${'tasks' | 'goals' | 'problems'}/{id}`>, 'id'>;

export type Link = Output<'GET /v1/links'>['items'][number];
export type EntityType = Link['from_entity_type'];
export type LinkType = Link['link_type'];

export type Plan = Output<'GET /v1/plan/get_today'>;
/** A blocked task has no score. */
export type PlanItem = Plan['blocked'][number];

export type InboxItem = Output<'GET /v1/inbox/{id}'>;
export type CaptureResult = Output<'POST /v1/capture/thought'>;
export type Conversation = Output<'GET /v1/conversations'>['items'][number];
export type ApiKey = Output<'GET /v1/keys'>['items'][number];
export type User = Output<'GET /v1/users'>['items'][number];
