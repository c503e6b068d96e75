/**
 * The turn: a run answers one message. A worker takes it from `queued` to its end, step by step, and every step is
 * kept before the next begins:
 *
 *   model step   the model is asked; its words stream to whoever listens. When they are whole, one transaction keeps
 *                the message so far, the ledger row, and a `pending` step for each tool that was asked for.
 *   tool step    the operation runs with a key made of run and call, so that it happens once, however often it is
 *                tried; then its result is kept and the step is `completed` or `failed`.
 *
 * A process that dies leaves the job to another, which reads the steps and goes on at the first that is not kept:
 * pending tools first, then the model. What had been streamed of an unfinished model step is said anew.
 */
import type { UIMessageChunk } from 'ai';
import type { Tx } from '../../platform/database/index.ts';
import { AppError, errorBody } from '../../platform/errors.ts';
import type { Tool } from '../../platform/faces/tools.ts';
import { newId } from '../../platform/ids.ts';
import type { JobContext } from '../../platform/jobs/index.ts';
import { log } from '../../platform/log.ts';
import { type Actor, type Runtime, runOperation } from '../../platform/operations/index.ts';
import {
  callModel,
  insertCall,
  type ModelChunk,
  type ModelResult,
  type ResolvedModel,
} from '../models/index.ts';
import { type MessagePart, replay, type ToolPart, toolResult } from './parts.ts';
import { POLICY, PROMPT_VERSION, toPrompt } from './prompt.ts';
import type { Run, RunStep } from './service.ts';
import * as service from './service.ts';
import { closingOf, type RunStreams, type RunWriter } from './stream.ts';

/** What the turn needs of the rest of the product; `app.ts` hands it in. */
export interface TurnDeps {
  readonly runtime: () => Runtime;
  /** The tools that are always offered. */
  readonly tools: () => ReadonlyMap<string, Tool>;
  readonly resolve: (tx: Tx, userId: string) => Promise<ResolvedModel>;
  /** What the model should know of the user's world for this message, as text for its system prompt. */
  readonly context: (tx: Tx, about: ContextRequest) => Promise<string>;
  readonly streams: RunStreams;
}

export interface ContextRequest {
  readonly userId: string;
  readonly chatId: string;
  readonly query: string;
  readonly now: Date;
  readonly timezone: string;
}

/** Model steps of one run; more is a loop. */
const MAX_STEPS = 16;
/** Messages of the conversation that a model is given. */
const HISTORY = 16;

/** Carries out one run; resolves when it has ended or was ended by somebody else. */
export async function turn(deps: TurnDeps, runId: string, timezone: string, ctx: JobContext): Promise<void> {
  const { db } = ctx;
  const begun = await ctx.transaction(async ({ tx, now }) => {
    const run = await service.getRun(tx, ctx.userId, runId);
    if (!run || (run.status !== 'queued' && run.status !== 'running')) return undefined;
    if (run.status === 'queued') await service.setRun(tx, run, { status: 'running', started_at: now });
    return { run, ...(await load(deps, tx, run, now, timezone)) };
  });
  if (!begun) return;
  const { run } = begun;
  const writer = deps.streams.open(db, ctx.userId, run.id, replay(run.answer_id, begun.parts));
  const stop = new AbortController();
  const unlisten = await db.listen('events', (payload) => {
    if (payload?.includes(run.id) && payload.includes('run.stop_requested')) stop.abort();
  });
  if (run.stop_requested_at) stop.abort();
  try {
    const work = new Work(deps, ctx, run, begun, writer, stop.signal, timezone);
    const end = await work.toTheEnd();
    await writer.flush();
    await finish(ctx, run, end);
    writer.end(closingOf({ status: end.status, error_message: end.error?.message ?? null }));
  } catch (error) {
    // The job is tried again, or this process is stopping: whoever listens follows the rows from here.
    writer.end([]);
    throw error;
  } finally {
    unlisten();
  }
}

interface Loaded {
  readonly parts: MessagePart[];
  readonly steps: RunStep[];
  readonly history: service.Message[];
  readonly context: string;
  readonly model: ResolvedModel | AppError;
}

/** Everything that the run begins or goes on with, read in one transaction. */
async function load(deps: TurnDeps, tx: Tx, run: Run, now: Date, timezone: string): Promise<Loaded> {
  const history = await service.historyOf(tx, run, HISTORY);
  const query = history
    .find((message) => message.id === run.message_id)
    ?.parts.find((part) => part.type === 'text');
  return {
    history,
    parts: run.started_at ? await service.getParts(tx, run) : [],
    steps: run.started_at ? await service.stepsOf(tx, run) : [],
    context: await deps.context(tx, {
      userId: run.user_id,
      chatId: run.conversation_id,
      query: query?.text ?? '',
      now,
      timezone,
    }),
    model: await deps.resolve(tx, run.user_id).catch((error: unknown) => {
      if (error instanceof AppError) return error;
      throw error;
    }),
  };
}

interface End {
  readonly status: 'completed' | 'failed' | 'cancelled';
  readonly error?: AppError;
}

async function finish(ctx: JobContext, run: Run, end: End): Promise<void> {
  await ctx.transaction(async ({ tx, now, event }) => {
    await service.setRun(tx, run, {
      status: end.status,
      error_code: end.error?.code ?? null,
      error_message: end.error?.message ?? null,
      finished_at: now,
    });
    event(`run.${end.status}`, { type: 'run', id: run.id }, { conversation_id: run.conversation_id });
  });
}

/** One attempt at a run: the state between its steps. */
class Work {
  readonly #deps: TurnDeps;
  readonly #ctx: JobContext;
  readonly #run: Run;
  readonly #loaded: Loaded;
  readonly #writer: RunWriter;
  readonly #signal: AbortSignal;
  readonly #actor: Actor;
  readonly #parts: MessagePart[];
  #pending: RunStep[];
  #seq: number;
  #modelSteps: number;

  constructor(
    deps: TurnDeps,
    ctx: JobContext,
    run: Run,
    loaded: Loaded,
    writer: RunWriter,
    signal: AbortSignal,
    timezone: string,
  ) {
    this.#deps = deps;
    this.#ctx = ctx;
    this.#run = run;
    this.#loaded = loaded;
    this.#writer = writer;
    this.#signal = signal;
    this.#actor = { kind: 'agent', id: run.id, userId: run.user_id, role: 'user', timezone };
    this.#parts = [...loaded.parts];
    this.#pending = loaded.steps.filter((step) => step.status === 'pending');
    this.#seq = loaded.steps.length;
    this.#modelSteps = loaded.steps.filter((step) => step.kind === 'model').length;
  }

  async toTheEnd(): Promise<End> {
    const { model } = this.#loaded;
    if (model instanceof AppError) return { status: 'failed', error: model };
    let askedForTools = this.#modelSteps === 0 || this.#pending.length > 0 || this.#endsWithTools();
    while (askedForTools) {
      for (const step of this.#pending.splice(0)) await this.#runTool(step);
      if (this.#signal.aborted) return { status: 'cancelled' };
      if (this.#modelSteps >= MAX_STEPS) {
        return {
          status: 'failed',
          error: new AppError('conflict', `stopped after ${MAX_STEPS} steps; ask for less at once.`),
        };
      }
      const result = await this.#askModel(model);
      if (result.status === 'cancelled') return { status: 'cancelled' };
      if (result.status === 'failed') return { status: 'failed', error: result.error };
      askedForTools = this.#pending.length > 0;
    }
    return { status: 'completed' };
  }

  /** The run was cut off after its tools had run and before the model was asked what to make of the results. */
  #endsWithTools(): boolean {
    return this.#loaded.steps.at(-1)?.kind === 'tool';
  }

  async #askModel(model: ResolvedModel): Promise<ModelResult> {
    const { history, context } = this.#loaded;
    this.#writer.push({ type: 'start-step' });
    const result = await callModel({
      model,
      userId: this.#run.user_id,
      requestId: this.#run.request_id,
      operation: 'chat.turn',
      purpose: 'chat',
      promptVersion: PROMPT_VERSION,
      prompt: [
        { role: 'system', content: `${POLICY}\n\n${context}` },
        ...history.flatMap(toPrompt),
        ...toPrompt({ role: 'assistant', parts: this.#parts }),
      ],
      tools: [...this.#deps.tools().values()],
      signal: this.#signal,
      conversationId: this.#run.conversation_id,
      runId: this.#run.id,
      context: { now: this.#ctx.now.toISOString(), timezone: this.#actor.timezone },
      onChunk: (chunk) => this.#relay(chunk),
    });
    await this.#keepModelStep(result);
    return result;
  }

  /** One transaction: the words, the ledger row and the tools that were asked for. */
  async #keepModelStep(result: ModelResult): Promise<void> {
    const said: MessagePart[] = [{ type: 'step-start' }];
    for (const part of result.parts) {
      if (part.type === 'text' || part.type === 'reasoning') {
        said.push({ type: part.type, text: part.text, ...kept(part, 'providerMetadata') });
      }
    }
    const calls = new Map(
      result.parts.flatMap((part) => (part.type === 'tool-call' ? [[part.toolCallId, part]] : [])),
    );
    const pending: RunStep[] = [];
    const now = new Date();
    const step = (kind: RunStep['kind'], values: Partial<RunStep>): RunStep => ({
      id: newId(),
      user_id: this.#run.user_id,
      run_id: this.#run.id,
      seq: this.#seq++,
      kind,
      status: 'pending',
      tool_call_id: null,
      tool_name: null,
      input: null,
      output: null,
      created_at: now,
      finished_at: null,
      ...values,
    });
    const whole = result.status === 'ok';
    const model = step('model', { status: whole ? 'completed' : 'failed', finished_at: now });
    for (const call of result.toolCalls) {
      said.push({
        type: 'dynamic-tool',
        toolName: call.name,
        toolCallId: call.id,
        state: 'input-available',
        input: call.input,
        ...kept(calls.get(call.id), 'callProviderMetadata'),
      });
      pending.push(
        step('tool', {
          tool_call_id: call.id,
          tool_name: call.name,
          input: call.input,
          output: call.problem === null ? null : { problem: call.problem },
        }),
      );
    }
    this.#parts.push(...said);
    await this.#ctx.transaction(async ({ tx }) => {
      await service.addSteps(tx, [model, ...pending]);
      await service.saveParts(tx, this.#run, this.#parts, now);
      await insertCall(tx, result.ledgerRow);
    });
    this.#modelSteps += 1;
    this.#pending = pending;
    for (const call of result.toolCalls) {
      this.#writer.push({
        type: 'tool-input-available',
        toolCallId: call.id,
        toolName: call.name,
        input: call.input,
        dynamic: true,
      });
    }
    this.#writer.push({ type: 'finish-step' });
  }

  async #runTool(step: RunStep): Promise<void> {
    const part = this.#parts.find(
      (candidate): candidate is ToolPart =>
        candidate.type === 'dynamic-tool' && candidate.toolCallId === step.tool_call_id,
    )!;
    const outcome = await this.#call(step);
    if ('output' in outcome) {
      part.state = 'output-available';
      part.output = outcome.output;
    } else {
      part.state = 'output-error';
      part.errorText = outcome.error;
    }
    const now = new Date();
    await this.#ctx.transaction(async ({ tx, event }) => {
      await service.finishStep(tx, step, {
        status: 'output' in outcome ? 'completed' : 'failed',
        output: 'output' in outcome ? outcome.output : { error: outcome.error },
        finished_at: now,
      });
      await service.saveParts(tx, this.#run, this.#parts, now);
      event(
        'tool.called',
        { type: 'run', id: this.#run.id },
        { tool: step.tool_name, ok: 'output' in outcome },
      );
    });
    this.#writer.push(toolResult(part));
  }

  /** An error that the model can mend is a result too. */
  async #call(step: RunStep): Promise<{ output: unknown } | { error: string }> {
    const name = step.tool_name ?? '';
    const problem = (step.output as { problem?: string } | null)?.problem;
    try {
      if (problem !== undefined) throw new AppError('bad_request', problem);
      const tool = this.#deps.tools().get(name);
      if (!tool) throw new AppError('not_found', `there is no tool ${name}.`);
      const { body } = await runOperation(
        this.#deps.runtime(),
        tool.operation,
        {
          actor: this.#actor,
          requestId: this.#run.request_id,
          idempotencyKey: `run:${this.#run.id}:${step.seq}`,
          signal: this.#signal,
        },
        step.input ?? {},
      );
      // As it is kept: dates as text, nothing undefined.
      return { output: JSON.parse(JSON.stringify(body)) as unknown };
    } catch (error) {
      if (!(error instanceof AppError)) {
        log.error(
          { err: error, run: this.#run.id, tool: name, request_id: this.#run.request_id },
          'a tool failed',
        );
      }
      const known =
        error instanceof AppError ? error : new AppError('internal', 'something went wrong on our side.');
      const { code, message, details } = errorBody(known, this.#run.request_id).error;
      return { error: `${code}: ${message}${details === undefined ? '' : ` ${JSON.stringify(details)}`}` };
    }
  }

  /** The model's chunks as the client's; a tool's input is shown once it is whole. */
  #relay(chunk: ModelChunk): void {
    const relayed = toUiChunk(chunk, this.#modelSteps);
    if (relayed) this.#writer.push(relayed);
  }
}

function toUiChunk(chunk: ModelChunk, step: number): UIMessageChunk | undefined {
  switch (chunk.type) {
    case 'text-start':
    case 'text-end':
    case 'reasoning-start':
    case 'reasoning-end':
      return { type: chunk.type, id: `${step}-${chunk.id}` };
    case 'text-delta':
    case 'reasoning-delta':
      return { type: chunk.type, id: `${step}-${chunk.id}`, delta: chunk.delta };
    default:
      return undefined;
  }
}

/** The provider's metadata of a part, under the name that the message's part has for it. */
function kept<K extends string>(part: { providerMetadata?: unknown } | undefined, name: K): object {
  return part?.providerMetadata === undefined ? {} : { [name]: part.providerMetadata };
}
