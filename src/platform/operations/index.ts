export * from './operation.ts';
export { decodeCursor, pageInput, pageOutput, toPage } from './page.ts';
export { type Registry, registry } from './registry.ts';
export { type Call, inTransaction, openStream, type Runtime, runOperation } from './run.ts';
