import type { Module } from '../../platform/module.ts';
import { operations } from './operations.ts';

export { type Question, readQuestion } from './builtin/question.ts';
export { callModel, type ModelResult } from './call.ts';
export type { ModelChunk } from './parts.ts';
export type { ResolvedModel } from './resolve.ts';
export type { LedgerRow } from './schema.ts';
export { insertCall, modelFor } from './service.ts';

/** Providers of models, which is used for what, the one way to call them, and the ledger of calls. */
export const models = { name: 'models', operations } satisfies Module;
