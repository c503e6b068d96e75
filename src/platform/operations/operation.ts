/**
 * An operation is one thing that can be done. It is written once, as data and a handler; every face (REST, OpenAPI,
 * MCP, command line, agent tools) is derived from it. There are three kinds, by how the handler runs:
 *
 * - `operation`: inside one transaction of its user. What it changes, its events and its jobs commit together.
 * - `stagedOperation`: outside of a transaction, because it waits for a model or the network between its stages;
 *   it opens transactions with `ctx.transaction`.
 * - `streamOperation`: staged, and answers with a stream of messages; REST sends them as server-sent events.
 */
import type { z } from 'zod';
import type { Database, Tx } from '../database/index.ts';

/** What an operation does to the world; faces and approval policies decide by it. */
export type Effect = 'read' | 'write' | 'egress' | 'destructive';

/** Who may call: anybody, a signed-in user, or an administrator. */
export type Access = 'public' | 'user' | 'admin';

/** Somebody who calls: a person with a session, a program with a key, an agent at work, or the system itself. */
export interface Actor {
  readonly kind: 'user' | 'key' | 'agent' | 'system';
  /** The session's, key's or agent's id, for the audit trail; never a secret. */
  readonly id: string | null;
  readonly userId: string;
  readonly role: 'admin' | 'user';
  /** IANA name, such as Europe/Vienna. */
  readonly timezone: string;
}

interface CommonContext {
  readonly userId: string;
  readonly actor: Actor;
  readonly requestId: string;
  readonly now: Date;
  /** The caller's Idempotency-Key, where one was sent. */
  readonly idempotencyKey: string | undefined;
}

export interface JobOptions {
  readonly runAt?: Date;
  /** A second job with the same key replaces the first while that waits. */
  readonly jobKey?: string;
}

export interface OperationContext extends CommonContext {
  /** The user's transaction: everything done in it commits or rolls back together. */
  readonly tx: Tx;
  /** Appends to event_log when the transaction commits. `type` is `entity.happened`, such as `task.created`. */
  event(type: string, entity?: { type: string; id: string }, payload?: Record<string, unknown>): void;
  /** Leaves work for later, enqueued when the transaction commits. */
  enqueue(job: string, payload: Record<string, unknown>, options?: JobOptions): void;
}

export interface StagedContext extends CommonContext {
  readonly db: Database;
  /** Aborted when the caller has gone away. */
  readonly signal: AbortSignal;
  /** This request was begun before, under its Idempotency-Key, by a process that died: some of it may be done. */
  readonly resumed: boolean;
  transaction<T>(fn: (ctx: OperationContext) => Promise<T>): Promise<T>;
}

export interface Http {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path parameters stand in braces and are fields of the input: `/v1/tasks/{id}`. */
  readonly path: `/${string}`;
  /** 200 unless told. */
  readonly status?: 200 | 201 | 202;
  /** Headers of a stream's answer. */
  readonly headers?: Readonly<Record<string, string>>;
}

interface Description<I extends z.ZodObject, O extends z.ZodType> {
  /** `noun.verb`, unique; the tool's name is the same with `_`, the command's with a space. */
  readonly name: string;
  /** One line, as help shows it. */
  readonly summary: string;
  readonly description?: string;
  readonly http: Http;
  readonly effect: Effect;
  /** `user` unless told. */
  readonly access?: Access;
  /** One flat object: path parameters, query and body merged. */
  readonly input: I;
  readonly output: O;
  /** Calls a minute and user; unlimited unless told. */
  readonly rateLimit?: number;
  /** false hides it from agents and MCP clients: what shows a secret, or manages access. */
  readonly tool?: false;
  /** The answer shows a secret, once: it is never stored, so an Idempotency-Key is not honoured. */
  readonly secret?: true;
  /** What the command line prints for a person, or for a script that wants one value; the whole answer unless told. */
  readonly print?: (output: z.output<O>) => string;
}

type Handler<C, I extends z.ZodObject, R> = (ctx: C, input: z.output<I>) => Promise<R>;

export interface TransactionalOperation<I extends z.ZodObject = z.ZodObject, O extends z.ZodType = z.ZodType>
  extends Description<I, O> {
  readonly kind: 'transaction';
  readonly handler: Handler<OperationContext, I, z.input<O>>;
}

export interface StagedOperation<I extends z.ZodObject = z.ZodObject, O extends z.ZodType = z.ZodType>
  extends Description<I, O> {
  readonly kind: 'staged';
  readonly handler: Handler<StagedContext, I, z.input<O>>;
}

/** One message of a stream; `id` lets a client go on after it with Last-Event-ID. */
export interface StreamMessage {
  readonly id?: string;
  readonly data: string;
}

export interface StreamOperation<I extends z.ZodObject = z.ZodObject, O extends z.ZodType = z.ZodType>
  extends Description<I, O> {
  readonly kind: 'stream';
  /** undefined: there is nothing to stream (204). `output` describes one message's data. */
  readonly handler: Handler<StagedContext, I, AsyncIterable<StreamMessage> | undefined>;
}

// An operation of any input and output. Handlers are contravariant in their input, so `unknown` would fit none.
// biome-ignore lint/suspicious/noExplicitAny: the registry holds operations of every type
type Any = any;
export type Operation =
  | TransactionalOperation<Any, Any>
  | StagedOperation<Any, Any>
  | StreamOperation<Any, Any>;

type Definition<T extends { kind: string }> = Omit<T, 'kind'>;

export function operation<const H extends Http, I extends z.ZodObject, O extends z.ZodType>(
  definition: Definition<TransactionalOperation<I, O>> & { readonly http: H },
): TransactionalOperation<I, O> & { readonly http: H } {
  return { kind: 'transaction', ...definition };
}

export function stagedOperation<const H extends Http, I extends z.ZodObject, O extends z.ZodType>(
  definition: Definition<StagedOperation<I, O>> & { readonly http: H },
): StagedOperation<I, O> & { readonly http: H } {
  return { kind: 'staged', ...definition };
}

export function streamOperation<const H extends Http, I extends z.ZodObject, O extends z.ZodType>(
  definition: Definition<StreamOperation<I, O>> & { readonly http: H },
): StreamOperation<I, O> & { readonly http: H } {
  return { kind: 'stream', ...definition };
}

/** A folder of operations, nested as a module likes; the tree's shape has no meaning, the operations' names do. */
export interface OperationTree {
  readonly [name: string]: Operation | OperationTree;
}
