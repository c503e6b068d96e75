/** Composes the modules. The only file that knows them all. */
import type { z } from 'zod';
import { chat, offered } from './modules/chat/index.ts';
import { identity } from './modules/identity/index.ts';
import { contextForChat, memory, recentItems, surface } from './modules/memory/index.ts';
import { modelFor, models, type ResolvedModel } from './modules/models/index.ts';
import { notify } from './modules/notify/index.ts';
import { planner } from './modules/planner/index.ts';
import { systemClock } from './platform/clock.ts';
import type { Config } from './platform/config.ts';
import { openConfiguredDatabase } from './platform/database/open.ts';
import { AppError } from './platform/errors.ts';
import { events } from './platform/events/index.ts';
import type { Authenticate, HttpApp } from './platform/faces/http.ts';
import { type Tool, toolsOf } from './platform/faces/tools.ts';
import type { Module } from './platform/module.ts';
import {
  type Operation,
  type OperationTree,
  type Registry,
  type Runtime,
  registry,
} from './platform/operations/index.ts';
import { jobs } from './platform/operations/jobs.ts';

/** The tools that a turn offers: few enough that the prompt of a first turn stays small. */
const CHAT_TOOLS = [
  'capture_apply',
  'inbox_add',
  'query_ask',
  'plan_today',
  'tasks_list',
  'tasks_update',
  'tasks_complete',
  'goals_list',
  'goals_update',
  'problems_list',
  'problems_update',
  'memory_remember',
  'memory_recall',
  'memory_forget',
] as const;

/** A product that is open: its database, its operations, and who may use them. */
export interface App {
  readonly runtime: Runtime;
  readonly modules: readonly Module[];
  readonly registry: Registry;
  readonly tools: ReadonlyMap<string, Tool>;
  readonly authenticate: Authenticate;
  readonly embedded: boolean;
  /** The number of the newest migration. */
  readonly level: number;
  /** Mounts what is not an operation: signing in. @param url where browsers reach the server, once it listens */
  mount(http: HttpApp, url: () => string): void;
  /** @throws AppError `home_in_use` when another server has the embedded database of this home */
  holdHome(): Promise<void>;
  /** The link that makes the first account; undefined once there is one. */
  firstLink(url: string): Promise<string | undefined>;
  close(): Promise<void>;
}

/** The modules, and what they need of each other. */
function compose(
  opened: () => Awaited<ReturnType<typeof openConfiguredDatabase>>,
  url: () => string,
  tools: (model: ResolvedModel) => ReadonlyMap<string, Tool>,
  runtime: () => Runtime,
) {
  const who = identity({
    db: () => opened().db,
    secret: () => opened().secret,
    url,
    rateLimitFactor: () => runtime().rateLimitFactor,
  });
  const plans = planner({ context: contextForChat, recent: recentItems, surface });
  const channels = notify({
    runtime,
    secret: () => opened().secret,
    url,
    surface,
    operations: {
      capture: plans.operations.capture.thought,
      ask: memory.operations.query.ask,
      plan: plans.operations.plan.today,
      complete: plans.operations.tasks.complete,
    },
  });
  const modules = [
    { name: 'platform', operations: { events, jobs } },
    who,
    models,
    plans,
    memory,
    channels,
    chat({
      runtime,
      tools,
      resolve: modelFor,
      context: contextForChat,
    }),
  ] as const satisfies readonly Module[];
  return { who, channels, modules };
}

/** Every operation, for help and documentation; nothing is opened. */
export function registryOf(): Registry {
  const closed = (): never => {
    throw new Error('nothing is open');
  };
  return registry(compose(closed, closed, closed, closed).modules.map((module) => module.operations));
}

/** Opens the product that `config` describes. */
export async function openApp(
  config: Config,
  options: { onProgress?: (line: string) => void } = {},
): Promise<App> {
  const opened = await openConfiguredDatabase(config, options);
  const runtime: Runtime = { db: opened.db, clock: systemClock, rateLimitFactor: config.rateLimitFactor };
  let url = (): string => config.publicUrl ?? `http://${config.host}:${config.port}`;
  // The built-in model knows every tool without being told.
  let chatTools = (_model: ResolvedModel): ReadonlyMap<string, Tool> => new Map();
  const { who, channels, modules } = compose(
    () => opened,
    () => url(),
    (model) => chatTools(model),
    () => runtime,
  );
  const operations = registry(modules.map((module) => module.operations));
  const tools = toolsOf(operations);
  const few = new Map(CHAT_TOOLS.map((name) => [name, offered(toolNamed(tools, name))]));
  chatTools = ({ provider }) => (provider === 'builtin' ? tools : few);
  return {
    runtime,
    modules,
    registry: operations,
    tools,
    authenticate: who.authenticate,
    embedded: opened.embedded,
    level: opened.level,
    mount: (http, listening) => {
      url = () => config.publicUrl ?? listening();
      who.mount(http);
      channels.mount(http);
    },
    holdHome: async () => {
      if (!opened.embedded) return;
      if (!(await opened.db.hold(HOME_LOCK))) {
        throw new AppError(
          'home_in_use',
          `${config.home} is used by another server; stop it, or choose another with --home.`,
        );
      }
      // Not before: whoever fails here must leave the other's database alone.
      opened.own();
    },
    firstLink: () => who.firstLink(),
    close: opened.close,
  };
}

/** The advisory lock of the one server that a home may have. */
const HOME_LOCK = 2;

function toolNamed(tools: ReadonlyMap<string, Tool>, name: string): Tool {
  const tool = tools.get(name);
  if (!tool) throw new Error(`the chat's tool ${name} is no operation`);
  return tool;
}

type Flatten<T> = T extends Operation
  ? T
  : T extends OperationTree
    ? { [K in keyof T]: Flatten<T[K]> }[keyof T]
    : never;
type AnyOperation = Extract<Flatten<ReturnType<typeof compose>['modules'][number]['operations']>, Operation>;

/** What JSON makes of a value: a Date arrives as text. */
type Jsonified<T> = T extends Date ? string : T extends object ? { [K in keyof T]: Jsonified<T[K]> } : T;

/** Every route by method and path, with what it takes and answers: the types of the page's client. */
export type Routes = {
  [Op in AnyOperation as `${Op['http']['method']} ${Op['http']['path']}`]: {
    input: z.input<Op['input']>;
    output: Jsonified<z.output<Op['output']>>;
  };
};
