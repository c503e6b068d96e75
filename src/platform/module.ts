import type { JobHandler } from './jobs/index.ts';
import type { OperationTree } from './operations/index.ts';

/** What one domain brings to the product. `app.ts` composes them; the platform knows none by name. */
export interface Module {
  readonly name: string;
  readonly operations: OperationTree;
  /** Work for later by name, `module.verb`. */
  readonly jobs?: Readonly<Record<string, JobHandler>>;
  /** Work that comes again: a cron line in UTC and the job that it enqueues, once for the whole installation. */
  readonly cron?: readonly { readonly schedule: string; readonly job: string }[];
}
