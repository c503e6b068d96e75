/** The command line: what an operator does at the terminal, and every operation as a command. */
import { Command, CommanderError } from 'commander';
import { registryOf } from './app.ts';
import { loadConfig } from './platform/config.ts';
import { AppError } from './platform/errors.ts';
import { addOperations, type WithSession } from './platform/faces/cli.ts';
import { completionScript, SHELLS } from './platform/faces/completion.ts';
import { VERSION } from './version.ts';

/** Exit codes: 0 done, 1 refused or failed, 2 the command line was not understood. */
export async function run(args: readonly string[]): Promise<number> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Who reads has seen enough: steward tasks list | head -1
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
  const program = buildProgram();
  try {
    await program.parseAsync([...args], { from: 'user' });
    return typeof process.exitCode === 'number' ? process.exitCode : 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof AppError) {
      process.stderr.write(`steward: ${error.message} [${error.code}]\n`);
      return 1;
    }
    process.stderr.write(`steward: ${error instanceof Error ? error.stack : String(error)}\n`);
    return 1;
  }
}

interface GlobalOptions {
  home?: string;
  host?: string;
  port?: string;
  databaseUrl?: string;
}

function buildProgram(): Command {
  const program = new Command('steward')
    .description('A self-hosted staff of AI agents on one PostgreSQL database.')
    .version(VERSION)
    .option('--home <directory>', 'where everything lives (STEWARD_HOME, ~/.steward)')
    .option('--database-url <url>', 'an external PostgreSQL instead of the embedded one (DATABASE_URL)')
    .exitOverride()
    .showSuggestionAfterError();
  const config = (options: GlobalOptions) => loadConfig(options);

  program
    .command('serve')
    .description('Run the server: page, REST, MCP and workers')
    .option('--port <port>', 'STEWARD_PORT, 4747')
    .option('--host <address>', 'STEWARD_HOST, 127.0.0.1')
    .action(async (_options, command: Command) => {
      const { serveUntilStopped } = await import('./operator.ts');
      await serveUntilStopped(config(command.optsWithGlobals()));
    });
  program
    .command('worker')
    .description('Run workers alone, beside any number of servers on the same database')
    .action(async (_options, command: Command) => {
      const { workUntilStopped } = await import('./operator.ts');
      await workUntilStopped(config(command.optsWithGlobals()));
    });
  program
    .command('mcp')
    .description('Speak MCP over stdin and stdout')
    .option('--user <email>', 'act for this user (needed when there are several)')
    .action(async (_options, command: Command) => {
      const { serveMcp } = await import('./operator.ts');
      await serveMcp(config(command.optsWithGlobals()), command.optsWithGlobals<{ user?: string }>().user);
    });
  program
    .command('doctor')
    .description('Say what is wrong, and how to mend it')
    .option('--json', 'print the findings as JSON')
    .action(async (_options, command: Command) => {
      const { doctor } = await import('./operator.ts');
      process.exitCode = await doctor(
        config(command.optsWithGlobals()),
        command.opts<{ json?: boolean }>().json === true,
      );
    });
  program
    .command('backup <file>')
    .description('Write everything into one file')
    .action(async (file: string, _options, command: Command) => {
      const { backupTo } = await import('./operator.ts');
      await backupTo(config(command.optsWithGlobals()), file);
    });
  program
    .command('restore <file>')
    .description('Replace everything by what a backup holds')
    .option('--yes', 'do not ask')
    .action(async (file: string, options: { yes?: boolean }, command: Command) => {
      const { restoreFrom } = await import('./operator.ts');
      await restoreFrom(config(command.optsWithGlobals()), file, options.yes === true);
    });
  program
    .command('db')
    .description('The database itself')
    .command('url')
    .description('Print a connection string for psql')
    .option('--role <role>', 'owner or app', 'owner')
    .action(async (options: { role: string }, command: Command) => {
      const { printDatabaseUrl } = await import('./operator.ts');
      await printDatabaseUrl(config(command.optsWithGlobals()), options.role);
    });
  program
    .command('completion <shell>')
    .description(`Print a completion script for ${SHELLS.join(', ')}`)
    .action((shell: string) => {
      process.stdout.write(completionScript(program, shell));
    });

  const withSession: WithSession = async (options, needsUser, fn) => {
    const { withOperator } = await import('./operator.ts');
    return withOperator(config(options), options, needsUser, fn);
  };
  addOperations(program, registryOf(), withSession);
  for (const command of [
    program,
    ...program.commands,
    ...program.commands.flatMap((group) => group.commands),
  ]) {
    command.exitOverride();
  }
  return program;
}
