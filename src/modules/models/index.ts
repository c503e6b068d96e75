import type { Module } from '../../platform/module.ts';
import { operations } from './operations.ts';

export { type Question, readQuestion } from './builtin/question.ts';
export {
  type CallLimits,
  callModel,
  type JsonSchema,
  type ModelCall,
  type ModelResult,
  type ModelTool,
} from './call.ts';
export { assistantMessage, type ModelChunk, type ToolCall } from './parts.ts';
export type { Purpose } from './purposes.ts';
export { type Choice, chooseModel, type ModelSettings, type ResolvedModel, resolveModel } from './resolve.ts';
export type { LedgerRow } from './schema.ts';
export { insertCall, modelFor } from './service.ts';

/** Providers of models, which is used for what, the one way to call them, and the ledger of calls. */
export const models = { name: 'models', operations } satisfies Module;
