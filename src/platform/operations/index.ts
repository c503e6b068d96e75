export * from './operation.ts';
export { decodeCursor, encodeCursor, pageInput, pageOutput, toPage } from './page.ts';
export { type Registry, registry } from './registry.ts';
export { type Call, inTransaction, type Outcome, openStream, type Runtime, runOperation } from './run.ts';
