import type { Command } from 'commander';
import type { ExplainOptions } from './explain.ts';
import type { JsonOption } from './output.ts';
import type { RedeliverOptions } from './redeliver.ts';
import { runLocalCommand } from './run-command.ts';
import type { StartOptions } from './start.ts';

/** Commands that read the configuration of this machine. Most of them ask its bridge as well. */
export const localCommands: readonly ((program: Command) => void)[] = [
  addStart,
  addSecrets,
  addSessions,
  addSample,
  addDoctor,
  addExplain,
  addBackfill,
  addRedeliver,
  addHooks,
];

function addStart(program: Command): void {
  program
    .command('start')
    .description('run receivers and workers (npm start does this)')
    .option('--roles <roles>', 'receive, work, or receive,work: instead of those of the configuration')
    .action((options: StartOptions) =>
      runLocalCommand(import('./start.ts'), ({ start }, config, load) => start(config, load, options), {
        mayMakeSecrets: true,
      }),
    );
}

function addSecrets(program: Command): void {
  program
    .command('secrets')
    .description('show the webhook URLs and their secrets')
    .option('--json', 'for programs')
    .action((options: JsonOption) =>
      runLocalCommand(import('./secrets.ts'), ({ showSecrets }, config) => showSecrets(config, options)),
    );
}

function addSessions(program: Command): void {
  program
    .command('sessions')
    .description('the logins of the pages')
    .command('end')
    .description('end all sessions: everybody has to log in again')
    .option('--json', 'for programs')
    .action((options: JsonOption) =>
      runLocalCommand(import('./sessions.ts'), ({ endSessions }, config) => endSessions(config, options)),
    );
}

function addSample(program: Command): void {
  program
    .command('sample')
    .description('send a signed sample deployment to the running bridge, as the tool itself would')
    .argument('[source]', 'the name of a configured source; without it, they are listed')
    .option('--json', 'for programs')
    .action((source: string | undefined, options: JsonOption) =>
      runLocalCommand(import('./sample.ts'), ({ sendSample }, config) => sendSample(config, source, options)),
    );
}

function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('check the configuration, the running bridge, Redis, the clock and every destination')
    .option(
      '--repair',
      'cut the damaged part off the file of the private Redis, and keep a copy. Stop the bridge first',
    )
    .option('--json', 'for programs')
    .action((options: JsonOption & { repair?: boolean }) =>
      runLocalCommand(import('./doctor.ts'), ({ repair, runDoctor }, config) =>
        options.repair ? repair(config) : runDoctor(config, options),
      ),
    );
}

function addExplain(program: Command): void {
  program
    .command('explain')
    .description('show how a webhook would be processed, and what each destination would be sent; sends nothing')
    .argument('<payload>', 'file with the body, or - for standard input')
    .requiredOption('--source <name>', 'the name of a configured source')
    .option(
      '--headers <file>',
      'the webhook\'s headers: "Name: value" lines, JSON or curl -v; then the signature is checked',
    )
    .option('--path <path>', 'the path that it was sent to, for sources with several paths')
    .option('--json', 'for programs')
    .action((payload: string, options: ExplainOptions) =>
      runLocalCommand(import('./explain.ts'), ({ runExplain }, config) => runExplain(config, payload, options)),
    );
}

function addBackfill(program: Command): void {
  program
    .command('backfill')
    .description('have the running bridge ask the tools for deployments that were never reported, and record them')
    .option('--source <name>', 'only this source')
    .option('--since <when>', 'such as 90m, 12h, 2d, 03:00 (UTC), yesterday or 2026-03-14T20:00:00Z', '2d')
    .option('--json', 'for programs')
    .action((options: JsonOption & { source?: string; since: string }) =>
      runLocalCommand(import('./backfill.ts'), ({ backfill }, config) => backfill(config, options)),
    );
}

function addRedeliver(program: Command): void {
  program
    .command('redeliver')
    .description('deliver earlier changes to a sink that was added later; nothing is delivered twice')
    .requiredOption('--sink <name>', 'the name of a configured sink')
    .requiredOption('--since <when>', 'such as 90m, 12h, 2d, 03:00 (UTC), yesterday or 2026-03-14T20:00:00Z')
    .option('--dry-run', 'say how many', false)
    .option('--json', 'for programs')
    .action((options: RedeliverOptions) =>
      runLocalCommand(import('./redeliver.ts'), ({ redeliver }, config) => redeliver(config, options)),
    );
}

function addHooks(program: Command): void {
  program
    .command('hooks')
    .description('the webhooks in the tools')
    .command('apply')
    .description('create or repair them: URL, secret and events')
    .argument('<source>', 'the name of a configured source')
    .argument('[targets...]', 'project:<path>, group:<path>, repository:<workspace>/<slug>, workspace:<name>')
    .option(
      '--url <url>',
      'where the tool reaches the bridge, such as https://shiplog.example.com; default: public_url',
    )
    .option('--dry-run', 'say what would be done', false)
    .option('--json', 'for programs')
    .action((source: string, targets: string[], options: JsonOption & { url?: string; dryRun: boolean }) =>
      runLocalCommand(import('./hooks.ts'), ({ applyHooks }, config) =>
        applyHooks(config, { source, targets, ...options }),
      ),
    );
}
