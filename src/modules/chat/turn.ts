/**
 * The turn: a run answers one message. A worker takes it from `queued` to its end, step by step, and every step is
 * kept before the next begins:
 *
 *   model step   the model is asked; its words stream to whoever listens. When they are whole, one transaction keeps
 *                the message so far, the ledger row, and a `pending` step for each tool that was asked for. When none
 *                was, the same transaction ends the run.
 *   tool step    the operation runs with a key made of run and step, so that it happens once, however often it is
 *                tried; then its result is kept and the step is `completed` or `failed`.
 *
 * A process that dies leaves the job to another, which begins a new attempt: it reads the steps and goes on at the
 * first that is not kept, pending tools first, then the model. What had been streamed of an unfinished model step is
 * said anew. An attempt that has been overtaken writes nothing any more.
 */
import type { UIMessageChunk } from 'ai';
import { isConnectionLoss } from '../../platform/database/connection-loss.ts';
import type { Tx } from '../../platform/database/index.ts';
import { AppError, errorBody } from '../../platform/errors.ts';
import type { Tool } from '../../platform/faces/tools.ts';
import type { JobContext } from '../../platform/jobs/index.ts';
import { log } from '../../platform/log.ts';
import { type Actor, type Runtime, runOperation } from '../../platform/operations/index.ts';
import {
  callModel,
  insertCall,
  type LedgerRow,
  type ModelChunk,
  type ModelResult,
  type ResolvedModel,
} from '../models/index.ts';
import { type MessagePart, replay, type ToolPart, textOf, toolChunks, toolResult } from './parts.ts';
import { historyPrompt, POLICY, PROMPT_VERSION, toPrompt } from './prompt.ts';
import type { Message, NewStep, Run, RunStep } from './service.ts';
import * as service from './service.ts';
import { closingOf, type RunStreams, type Speaker } from './stream.ts';
import { withKnown } from './tools.ts';

/** What the turn needs of the rest of the product; `app.ts` hands it in. */
export interface TurnDeps {
  readonly runtime: () => Runtime;
  /** What this model may call. */
  readonly tools: (model: ResolvedModel) => ReadonlyMap<string, Tool>;
  readonly resolve: (tx: Tx, userId: string, purpose: 'chat' | 'title') => Promise<ResolvedModel>;
  /** What the model should know of the user's world for this message, as text for its system prompt. */
  readonly context: (tx: Tx, about: ContextRequest) => Promise<string>;
  readonly streams: RunStreams;
}

interface ContextRequest {
  readonly userId: string;
  readonly chatId: string;
  readonly query: string;
  readonly now: Date;
  readonly timezone: string;
}

/** Model steps of one run; more is a loop. */
const MAX_STEPS = 16;

/** Carries out one run; resolves when it has ended or is somebody else's. */
export async function turn(deps: TurnDeps, runId: string, timezone: string, ctx: JobContext): Promise<void> {
  // Heard from before the run is read, so that no request to stop falls in between.
  const stop = await deps.streams.stopOf(ctx.db, runId);
  try {
    const begun = await begin(deps, runId, timezone, ctx).catch(async (error: unknown) => {
      if (ctx.signal.aborted || isConnectionLoss(error)) throw error;
      await failToBegin(runId, ctx, error);
    });
    if (!begun) return;
    if (begun.run.stop_requested_at) stop.abort();
    const speaker = deps.streams.open(ctx.db, begun.run, replay(begun.run, begun.parts));
    try {
      await new Turn(deps, ctx, begun, speaker, stop.signal, timezone).toTheEnd();
    } finally {
      // Without effect after the last words; before them, whoever listens is cut off and hears the next attempt.
      speaker.close();
    }
  } catch (error) {
    if (!(error instanceof TakenOver)) throw error;
  } finally {
    deps.streams.forgetStop(runId, stop);
  }
}

/** Another attempt has the run, or its conversation was deleted. */
class TakenOver extends Error {}

/** What an attempt begins or goes on with. */
interface Begun {
  readonly run: Run;
  /** The answer as far as it has come. */
  readonly parts: MessagePart[];
  readonly steps: RunStep[];
  /** Up to and with the message that is answered. */
  readonly history: readonly Message[];
  readonly message: string;
  readonly context: string;
  readonly model: ResolvedModel | AppError;
}

/** @returns undefined when there is nothing to do: the run has ended, or is gone */
async function begin(
  deps: TurnDeps,
  runId: string,
  timezone: string,
  ctx: JobContext,
): Promise<Begun | undefined> {
  return ctx.transaction(async ({ tx, now, userId, event }) => {
    const run = await service.beginRun(tx, userId, runId, now);
    if (!run) return undefined;
    const again = run.attempts > 1;
    if (again) event('run.resumed', { type: 'run', id: run.id }, { conversation_id: run.conversation_id });
    const [history, parts, steps] = await Promise.all([
      service.historyOf(tx, run),
      again ? service.getParts(tx, run) : [],
      again ? service.stepsOf(tx, run) : [],
    ]);
    const message = textOf(history.find(({ id }) => id === run.message_id)?.parts ?? []);
    const chatId = run.conversation_id;
    const [context, model] = await Promise.all([
      deps.context(tx, { userId, chatId, query: message, now, timezone }),
      deps.resolve(tx, userId, 'chat').catch((error: unknown) => {
        if (error instanceof AppError) return error;
        throw error;
      }),
    ]);
    return { run, parts, steps, history, message, context, model };
  });
}

/** A run that cannot even be begun would keep its conversation closed for ever. */
async function failToBegin(runId: string, ctx: JobContext, error: unknown): Promise<void> {
  log.error({ err: error, run: runId, request_id: ctx.requestId }, 'a turn could not begin');
  await ctx.transaction(async ({ tx, now, userId, event }) => {
    const run = await service.beginRun(tx, userId, runId, now);
    if (!run) return;
    const { code, message } = defect();
    await service.endRun(tx, run, {
      status: 'failed',
      error_code: code,
      error_message: message,
      finished_at: now,
    });
    event('run.failed', { type: 'run', id: run.id }, { conversation_id: run.conversation_id });
  });
}

interface End {
  readonly status: 'completed' | 'failed' | 'cancelled';
  readonly error?: AppError;
}

/** One attempt at a run: the state between its steps. */
class Turn {
  readonly #deps: TurnDeps;
  readonly #ctx: JobContext;
  readonly #begun: Begun;
  readonly #speaker: Speaker;
  /** Somebody wants no more of the answer. */
  readonly #stop: AbortSignal;
  /** That, or this process is ending. */
  readonly #signal: AbortSignal;
  readonly #actor: Actor;
  readonly #parts: MessagePart[];
  readonly #steps: RunStep[];

  constructor(
    deps: TurnDeps,
    ctx: JobContext,
    begun: Begun,
    speaker: Speaker,
    stop: AbortSignal,
    timezone: string,
  ) {
    this.#deps = deps;
    this.#ctx = ctx;
    this.#begun = begun;
    this.#speaker = speaker;
    this.#stop = stop;
    this.#signal = AbortSignal.any([stop, ctx.signal]);
    this.#actor = { kind: 'agent', id: begun.run.id, userId: ctx.userId, role: 'user', timezone };
    this.#parts = begun.parts;
    this.#steps = begun.steps;
  }

  async toTheEnd(): Promise<void> {
    try {
      do await this.#toolSteps();
      while (!(await this.#modelStep()));
    } catch (error) {
      if (error instanceof TakenOver || this.#ctx.signal.aborted || isConnectionLoss(error)) throw error;
      // A defect is told to whoever waits, and not tried again.
      log.error({ err: error, run: this.#begun.run.id, request_id: this.#ctx.requestId }, 'a turn failed');
      await this.#keep({ end: { status: 'failed', error: defect() } });
    }
  }

  /** @returns whether the run has ended */
  async #modelStep(): Promise<boolean> {
    const { model } = this.#begun;
    if (this.#stop.aborted) return this.#keep({ end: { status: 'cancelled' } });
    if (model instanceof AppError) return this.#keep({ end: { status: 'failed', error: model } });
    if (this.#steps.filter(({ kind }) => kind === 'model').length >= MAX_STEPS) {
      const error = new AppError('conflict', `stopped after ${MAX_STEPS} steps; ask for less at once.`);
      return this.#keep({ end: { status: 'failed', error } });
    }
    this.#speaker.say({ type: 'start-step' });
    const result = await this.#ask(model);
    if (result.status === 'cancelled' && !this.#stop.aborted) {
      // This process is ending, and the next attempt asks again: all there is to keep is that the call was made.
      await this.#ctx.transaction(({ tx }) => insertCall(tx, result.ledgerRow));
      this.#ctx.signal.throwIfAborted();
    }
    const { said, steps } = this.#read(result);
    if (said.length > 0) this.#parts.push({ type: 'step-start' }, ...said);
    const calls = said.filter((part) => part.type === 'dynamic-tool');
    this.#speaker.say(...calls.flatMap(toolChunks), { type: 'finish-step' });
    return this.#keep({ steps, call: result.ledgerRow, end: endOf(result) });
  }

  #ask(model: ResolvedModel): Promise<ModelResult> {
    const { run, history, context } = this.#begun;
    const step = this.#steps.length;
    return callModel({
      model,
      userId: run.user_id,
      requestId: run.request_id,
      operation: 'chat.turn',
      purpose: 'chat',
      promptVersion: PROMPT_VERSION,
      prompt: [
        { role: 'system', content: `${POLICY}\n\n${context}` },
        ...historyPrompt(history),
        ...toPrompt({ role: 'assistant', parts: this.#parts }),
      ],
      tools: [...this.#deps.tools(model).values()],
      signal: this.#signal,
      conversationId: run.conversation_id,
      runId: run.id,
      context: {
        now: this.#ctx.now.toISOString(),
        timezone: this.#actor.timezone,
        chat: run.conversation_id,
      },
      onChunk: (chunk) => {
        const relayed = toUiChunk(chunk, step);
        if (relayed) this.#speaker.say(relayed);
      },
    });
  }

  /** What the model said, as the message's parts; that it was asked, and what it asks for, as steps. */
  #read(result: ModelResult): { said: MessagePart[]; steps: NewStep[] } {
    const { id: run_id, user_id } = this.#begun.run;
    const now = new Date();
    const whole = result.status === 'ok';
    const said: MessagePart[] = [];
    const steps: NewStep[] = [];
    const step = (values: Pick<NewStep, 'kind' | 'status'> & Partial<NewStep>): void => {
      steps.push({
        user_id,
        run_id,
        seq: this.#steps.length + steps.length,
        created_at: now,
        ...(values.status === 'pending' ? {} : { finished_at: now }),
        ...values,
      });
    };
    step({ kind: 'model', status: whole ? 'completed' : 'failed' });
    const calls = result.toolCalls.values();
    for (const part of result.parts) {
      if (part.type === 'text' || part.type === 'reasoning') {
        // A provider takes nothing back that it has not signed to the end.
        said.push({ type: part.type, text: part.text, ...(whole && kept(part, 'providerMetadata')) });
      } else if (part.type === 'tool-call' && whole) {
        const { id, name, input, problem } = calls.next().value!;
        // An id that comes twice would mix up two calls.
        const known = [...this.#steps, ...steps].some(({ tool_call_id }) => tool_call_id === id);
        const toolCallId = known || id === '' ? `${id || 'call'}_${this.#steps.length + steps.length}` : id;
        said.push({
          type: 'dynamic-tool',
          toolName: name,
          toolCallId,
          input,
          ...kept(part, 'callProviderMetadata'),
          ...(problem === null
            ? { state: 'input-available' }
            : { state: 'output-error', errorText: `bad_request: ${problem}` }),
        });
        step({
          kind: 'tool',
          status: problem === null ? 'pending' : 'failed',
          tool_call_id: toolCallId,
          tool_name: name,
          input,
          ...(problem !== null && { output: { error: problem } }),
        });
      }
    }
    return { said, steps };
  }

  async #toolSteps(): Promise<void> {
    for (const step of this.#steps) {
      if (step.status !== 'pending') continue;
      this.#ctx.signal.throwIfAborted();
      if (this.#stop.aborted) return;
      await this.#toolStep(step);
    }
  }

  async #toolStep(step: RunStep): Promise<void> {
    const part = this.#parts.find(
      (candidate): candidate is ToolPart =>
        candidate.type === 'dynamic-tool' && candidate.toolCallId === step.tool_call_id,
    )!;
    const outcome = await this.#call(step);
    const ok = 'output' in outcome;
    Object.assign(
      part,
      ok
        ? { state: 'output-available', output: outcome.output }
        : { state: 'output-error', errorText: outcome.error },
    );
    step.status = ok ? 'completed' : 'failed';
    step.output = ok ? outcome.output : { error: outcome.error };
    step.finished_at = new Date();
    await this.#keep({ done: step });
    this.#speaker.say(toolResult(part));
  }

  /** An error that the model can mend is a result too. */
  async #call(step: RunStep): Promise<{ output: unknown } | { error: string }> {
    const { run, message, model } = this.#begun;
    const name = step.tool_name ?? '';
    try {
      const tool = model instanceof AppError ? undefined : this.#deps.tools(model).get(name);
      if (!tool) throw new AppError('not_found', `there is no tool ${name}.`);
      const { body } = await runOperation(
        this.#deps.runtime(),
        tool.operation,
        {
          actor: this.#actor,
          requestId: run.request_id,
          idempotencyKey: `run:${run.id}:${step.seq}`,
          signal: this.#signal,
        },
        withKnown(tool, step.input ?? {}, { chat_id: run.conversation_id, message, source: 'chat' }),
      );
      // As it is kept: dates as text, nothing undefined.
      return { output: JSON.parse(JSON.stringify(body)) as unknown };
    } catch (error) {
      // It may have happened all the same: the next attempt asks by the same key and is told. A model would do it again.
      if (this.#ctx.signal.aborted || isConnectionLoss(error)) throw error;
      if (!(error instanceof AppError)) {
        log.error({ err: error, run: run.id, tool: name, request_id: run.request_id }, 'a tool failed');
      }
      const known = error instanceof AppError ? error : defect();
      const { code, message: why, details } = errorBody(known, run.request_id).error;
      return { error: `${code}: ${why}${details === undefined ? '' : ` ${JSON.stringify(details)}`}` };
    }
  }

  /**
   * Keeps what a step has come to, in one transaction, as long as the run is this attempt's.
   *
   * @returns whether the run has ended by it
   * @throws TakenOver
   */
  async #keep({ steps = [], done, call, end }: Kept): Promise<boolean> {
    const { run } = this.#begun;
    const about = { type: 'run', id: run.id };
    if (end) {
      for (const part of this.#parts) {
        if (part.type !== 'dynamic-tool' || part.state !== 'input-available') continue;
        Object.assign(part, { state: 'output-error', errorText: 'the run ended before it had a result' });
        this.#speaker.say(toolResult(part));
      }
      await this.#speaker.flush();
    }
    const added = await this.#ctx.transaction(async ({ tx, now, event, enqueue }) => {
      const held = end
        ? service.endRun(tx, run, {
            status: end.status,
            error_code: end.error?.code ?? null,
            error_message: end.error?.message ?? null,
            finished_at: now,
          })
        : service.holdRun(tx, run);
      // Sent along with it: whatever came of these is undone when the run is not this attempt's.
      const kept = Promise.all([
        steps.length > 0 ? service.addSteps(tx, steps) : [],
        done && service.finishStep(tx, done),
        this.#parts.length > 0 && service.saveParts(tx, run, this.#parts, now),
        call && insertCall(tx, call),
      ]);
      kept.catch(() => undefined);
      if (!(await held)) throw new TakenOver();
      const [added] = await kept;
      if (done) event('tool.called', about, { tool: done.tool_name, ok: done.status === 'completed' });
      if (end) event(`run.${end.status}`, about, { conversation_id: run.conversation_id });
      if (end?.status === 'completed' && this.#wantsTitle())
        enqueue('chat.title', { conversation_id: run.conversation_id });
      return added;
    });
    this.#steps.push(...added);
    if (end) {
      this.#speaker.close(closingOf({ status: end.status, error_message: end.error?.message ?? null }));
    }
    return end !== undefined;
  }

  /** After the first answer; the built-in model has no better title than the message itself. */
  #wantsTitle(): boolean {
    const { model, history } = this.#begun;
    const builtin = model instanceof AppError || model.provider === 'builtin';
    return !builtin && !history.some(({ role }) => role === 'assistant');
  }
}

interface Kept {
  readonly steps?: readonly NewStep[];
  /** A tool's step that has its result. */
  readonly done?: RunStep;
  readonly call?: LedgerRow;
  readonly end?: End | undefined;
}

function endOf(result: ModelResult): End | undefined {
  if (result.status === 'failed') return { status: 'failed', error: result.error };
  if (result.status === 'cancelled') return { status: 'cancelled' };
  return result.toolCalls.length > 0 ? undefined : { status: 'completed' };
}

function defect(): AppError {
  return new AppError('internal', 'something went wrong on our side; the log has it under this request id.');
}

/** The model's chunks as the client's; a tool's input is shown once it is whole. */
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
function kept<K extends string>(part: { providerMetadata?: unknown }, name: K): object {
  return part.providerMetadata === undefined ? {} : { [name]: part.providerMetadata };
}
