import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { AlertsOptions } from './cli/alerts.ts';
import type { ChangesOptions } from './cli/changes.ts';
import { wholeNumber } from './cli/count.ts';
import type { DeadLetterOptions } from './cli/dead-letters.ts';
import type { ExplainOptions } from './cli/explain.ts';
import { EXIT_CODES, exitOnBrokenPipe, ignoreBrokenPipe, type JsonOption, NothingFound } from './cli/output.ts';
import type { PerformanceOptions } from './cli/performance.ts';
import type { RedeliverOptions } from './cli/redeliver.ts';
import type { RunningOptions } from './cli/running.ts';
import type { StartOptions } from './cli/start.ts';
import type { TailOptions } from './cli/tail.ts';
import { cleanOutput } from './cli/terminal.ts';
import type { WaitOptions } from './cli/wait.ts';
import type { BridgeAccess, BridgeSettings } from './config/bridge-access.ts';
import type { Config } from './config/config.ts';
import { ConfigError } from './config/config-error.ts';

/** The command line. The exit codes are listed in EXIT_CODES (cli/output.ts). */
/** Options of a command that only asks a bridge. */
const reaching = (command: Command): Command =>
  command
    .option('--url <url>', 'the bridge, such as https://shiplog.example.com (SHIPLOG_URL)')
    .option('--token <token>', 'its admin token (SHIPLOG_TOKEN)');

const program = new Command('shiplog')
  .description('Every deployment, from every tool, recorded once, with nothing lost')
  .version(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version)
  .addHelpText('afterAll', EXIT_CODES);

program
  .command('start')
  .description('run receivers and workers (npm start does this)')
  .option('--roles <roles>', 'receive, work, or receive,work: instead of those of the configuration')
  .action((options: StartOptions) =>
    run(import('./cli/start.ts'), ({ start }, config, load) => start(config, load, options), { mayMakeSecrets: true }),
  );
program
  .command('secrets')
  .description('show the webhook URLs and their secrets')
  .option('--json', 'for programs')
  .action((options: JsonOption) =>
    run(import('./cli/secrets.ts'), ({ showSecrets }, config) => showSecrets(config, options)),
  );
program
  .command('sessions')
  .description('the logins of the pages')
  .command('end')
  .description('end all sessions: everybody has to log in again')
  .option('--json', 'for programs')
  .action((options: JsonOption) =>
    run(import('./cli/sessions.ts'), ({ endSessions }, config) => endSessions(config, options)),
  );
program
  .command('sample')
  .description('send a signed sample deployment to the running bridge, as the tool itself would')
  .argument('<source>', 'the name of a configured source (shiplog secrets lists them)')
  .option('--json', 'for programs')
  .action((source: string, options: JsonOption) =>
    run(import('./cli/sample.ts'), ({ sendSample }, config) => sendSample(config, source, options)),
  );
program
  .command('doctor')
  .description('check the configuration, the running bridge, Redis, the clock and every destination')
  .option('--repair', 'cut the damaged part off the file of the private Redis, and keep a copy. Stop the bridge first')
  .option('--json', 'for programs')
  .action((options: JsonOption & { repair?: boolean }) =>
    run(import('./cli/doctor.ts'), ({ repair, runDoctor }, config) =>
      options.repair ? repair(config) : runDoctor(config, options),
    ),
  );
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
    run(import('./cli/explain.ts'), ({ runExplain }, config) => runExplain(config, payload, options)),
  );
program
  .command('backfill')
  .description('have the running bridge ask the tools for deployments that were never reported, and record them')
  .option('--source <name>', 'only this source')
  .option('--since <when>', 'such as 90m, 12h, 2d or 2026-03-14T20:00:00Z', '2d')
  .option('--json', 'for programs')
  .action((options: JsonOption & { source?: string; since: string }) =>
    run(import('./cli/backfill.ts'), ({ backfill }, config) => backfill(config, options)),
  );
program
  .command('redeliver')
  .description('deliver earlier changes to a sink that was added later; nothing is delivered twice')
  .requiredOption('--sink <name>', 'the name of a configured sink')
  .requiredOption('--since <when>', 'such as 90m, 12h, 2d or 2026-03-14T20:00:00Z')
  .option('--dry-run', 'say how many', false)
  .option('--json', 'for programs')
  .action((options: RedeliverOptions) =>
    run(import('./cli/redeliver.ts'), ({ redeliver }, config) => redeliver(config, options)),
  );
program
  .command('hooks')
  .description('the webhooks in the tools')
  .command('apply')
  .description('create or repair them: URL, secret and events')
  .argument('<source>', 'the name of a configured source')
  .argument('[targets...]', 'project:<path>, group:<path>, repository:<workspace>/<slug>, workspace:<name>')
  .option('--url <url>', 'where the tool reaches the bridge, such as https://shiplog.example.com; default: public_url')
  .option('--dry-run', 'say what would be done', false)
  .option('--json', 'for programs')
  .action((source: string, targets: string[], options: JsonOption & { url?: string; dryRun: boolean }) =>
    run(import('./cli/hooks.ts'), ({ applyHooks }, config) => applyHooks(config, { source, targets, ...options })),
  );

reaching(program.command('login'))
  .description('try address and token, and keep them for this user: for a machine on which no bridge runs')
  .action((options: BridgeAccess) => ask(import('./cli/login.ts'), options, ({ logIn }, bridge) => logIn(bridge)));
reaching(program.command('tail'))
  .description('webhooks and deliveries as they happen, a line each, until Ctrl-C')
  .option('--last <n>', 'show this many past events first', wholeNumber(0, 500), 10)
  .option('--json', 'for programs: one JSON object a line')
  .action((options: BridgeAccess & TailOptions) =>
    ask(import('./cli/tail.ts'), options, ({ runTail }, config) => runTail(config, options)),
  );
reaching(program.command('trace'))
  .description('everything about a deployment: its webhooks, records and deliveries with every attempt')
  .argument('<what>', 'commit (7 digits or more), deployment key or alias, or the id of a webhook or delivery')
  .option('--json', 'for programs')
  .action((what: string, options: BridgeAccess & { json?: boolean }) =>
    ask(import('./cli/trace.ts'), options, ({ trace }, config) => trace(config, what, options)),
  );
reaching(program.command('changes'))
  .description('the change log, the newest first')
  .option('--env, --environment <name>', 'only this environment, or those that have it in their names')
  .option('--service <name>')
  .option('--source <name>')
  .option('--tier <tier>', 'production, staging, testing, development or other')
  .option('--type <type>', 'such as rollback or database_migration')
  .option('--risk <level>', 'low, medium, high or critical')
  .option('--tag <tag>')
  .option('--status <state>', 'pending, running, succeeded, failed or canceled')
  .option('--branch <name>')
  .option('--commit <sha>', '7 digits or more')
  .option('--person <name>', 'who deployed it, or wrote the commit')
  .option('--owner <team>', 'whose services (owners in the configuration)')
  .option('--text <words>', 'words that must all occur, or the URL of a commit, merge request, pipeline or job')
  .option('--since <when>', 'such as 90m, 2h, 7d or 2026-03-14T20:00:00Z')
  .option('--until <when>')
  .option('--limit <n>', 'at most this many', wholeNumber(1, 100_000), 25)
  .option('--json', 'for programs')
  .action((options: BridgeAccess & ChangesOptions) =>
    ask(import('./cli/changes.ts'), options, ({ listChanges }, config) => listChanges(config, options)),
  );
reaching(program.command('performance'))
  .description('the four DORA measures, by service, environment or team')
  .option('--env, --environment <name>', 'production unless it is given; "*" for all', '')
  .option('--service <name>', 'only this service', '')
  .option('--owner <team>', 'only the services of this team', '')
  .option('--range <range>', '7d, 30d or 90d', '30d')
  .option('--by <what>', 'service, environment or team', 'service')
  .option('--json', 'for programs')
  .action((options: BridgeAccess & PerformanceOptions) =>
    ask(import('./cli/performance.ts'), options, ({ showPerformance }, config) => showPerformance(config, options)),
  );
reaching(program.command('running'))
  .description('what runs where: each service in each environment, since when, by whom')
  .option('--env, --environment <name>', 'only this environment')
  .option('--service <name>')
  .option('--tier <tier>', 'production, staging, testing, development or other')
  .option('--owner <team>', 'only the services of this team')
  .option('--json', 'for programs')
  .action((options: BridgeAccess & RunningOptions) =>
    ask(import('./cli/running.ts'), options, ({ listRunning }, config) => listRunning(config, options)),
  );
reaching(program.command('alerts'))
  .description('alerts, the newest first; with the id of one, the changes that may have caused it')
  .argument('[id]', 'of an alert, as the list has it')
  .option('--env, --environment <name>', 'only this environment')
  .option('--service <name>')
  .option('--status <status>', 'firing or resolved')
  .option('--since <when>', 'such as 90m, 2h, 7d or 2026-03-14T20:00:00Z')
  .option('--until <when>')
  .option('--limit <n>', 'at most so many', wholeNumber(1, 100), 25)
  .option('--json', 'for programs')
  .action((id: string | undefined, options: BridgeAccess & AlertsOptions) =>
    ask(import('./cli/alerts.ts'), options, ({ listAlerts, showAlert }, config) =>
      id === undefined ? listAlerts(config, options) : showAlert(config, id, options),
    ),
  );
reaching(program.command('wait'))
  .description('wait until a commit has been deployed: 0 it succeeded, 1 it failed or has not ended, 3 it was not seen')
  .argument('<sha>', 'of the application or, with GitOps, of the manifests; 7 digits or more')
  .requiredOption('--env, --environment <name>', 'where to')
  .option('--service <name>', 'only this service; default: every one that the commit is deployed as')
  .option('--source <name>', 'only what this source reports')
  .option('--since <when>', 'only deployments since then, such as 10m: the commit may have been there before')
  .option('--timeout <span>', 'such as 90s, 15m or 2h', '15m')
  .option('--json', 'for programs')
  .action((sha: string, options: BridgeAccess & WaitOptions) =>
    ask(import('./cli/wait.ts'), options, ({ waitFor }, config) => waitFor(config, sha, options)),
  );
reaching(program.command('replay'))
  .description("map a webhook again, or deliver a deployment's dead letters again")
  .argument('<what>', 'the id of a webhook, or the key or an alias of a deployment')
  .option('--json', 'for programs')
  .action((what: string, options: BridgeAccess & { json?: boolean }) =>
    ask(import('./cli/replay.ts'), options, ({ replay }, config) => replay(config, what, options)),
  );

const deadLetters = program
  .command('dead-letters')
  .description('deliveries and webhooks that are no longer retried, and kept');
const filtered = (command: Command) =>
  command
    .option('--id <id>')
    .option('--sink <name>', 'one sink, or "record"')
    .option('--source <name>')
    .option('--deployment <key>')
    .option('--kind <kind>', 'refused (by the destination) or fault (ours)')
    .option('--reason <text>', 'a part of the reason')
    .option('--cause <words>', 'the whole reason, with … for the parts that differ, as the page groups them')
    .option('--since <when>', 'died since: 90m, 12h, 2d or a time')
    .option('--until <when>', 'died before: 90m, 12h, 2d or a time');
reaching(filtered(deadLetters.command('ls').description('list them')))
  .option('--json', 'for programs')
  .action((options: BridgeAccess & DeadLetterOptions) =>
    ask(import('./cli/dead-letters.ts'), options, ({ listDeadLetters }, config) => listDeadLetters(config, options)),
  );
reaching(deadLetters.command('show'))
  .description('one dead letter with all its details')
  .argument('<id>')
  .option('--json', 'for programs: it is JSON in any case')
  .action((id: string, options: BridgeAccess) =>
    ask(import('./cli/dead-letters.ts'), options, ({ showDeadLetter }, config) => showDeadLetter(config, id)),
  );
for (const order of ['replay', 'drop'] as const)
  reaching(filtered(deadLetters.command(order).description(order === 'replay' ? 'retry them' : 'delete them')))
    .option('--all', 'all of them')
    .option('--dry-run', 'say how many')
    .option('--remap', 'replay: map the webhooks again from their kept bodies')
    .option('--json', 'for programs')
    .action((options: BridgeAccess & DeadLetterOptions) =>
      ask(import('./cli/dead-letters.ts'), options, ({ orderDeadLetters }, config) =>
        orderDeadLetters(config, order, options),
      ),
    );

program
  .command('completion')
  .description('a script that completes commands and options: source <(shiplog completion bash)')
  .argument('<shell>', 'bash, zsh or fish')
  .action(async (shell: string) => {
    const { completionScript, shellOf } = await import('./cli/completion.ts');
    process.stdout.write(completionScript(program, shellOf(shell)));
  });

/** Each command is loaded when it runs: most need little of the bridge, and `--help` needs nothing. */
async function run<Part>(
  loading: Promise<Part>,
  act: (part: Part, config: Config, load: () => Config) => Promise<void> | void,
  options: { readonly mayMakeSecrets?: boolean } = {},
): Promise<void> {
  const [part, { loadConfig }, { findRunningBridge }] = await Promise.all([
    loading,
    import('./config/load.ts'),
    import('./config/running-bridge.ts'),
  ]);
  const load = () => loadConfig(process.env, options);
  const config = load();
  // `npm start` alone may have been given its port.
  const running = options.mayMakeSecrets ? undefined : findRunningBridge(config.data_dir);
  await act(part, running ? Object.assign({}, config, { url: running.url }) : config, load);
}

/** For a command that only asks a bridge, on this machine or elsewhere. */
async function ask<Part>(
  loading: Promise<Part>,
  access: BridgeAccess,
  act: (part: Part, bridge: BridgeSettings) => Promise<void>,
): Promise<void> {
  const [part, { reachBridge }] = await Promise.all([loading, import('./config/bridge-access.ts')]);
  await act(part, reachBridge(access));
}

/** The bridge keeps running when the reader of its output ends; a command has nothing more to do. */
if (process.argv[2] === 'start') ignoreBrokenPipe();
else {
  exitOnBrokenPipe();
  cleanOutput([process.stdout, process.stderr], { json: process.argv.includes('--json') });
}
try {
  await program.parseAsync();
} catch (error) {
  // Handles that are half open would keep the process alive, and so would output that standard error does not accept.
  const end = () => process.exit(error instanceof ConfigError ? 2 : error instanceof NothingFound ? 3 : 1);
  process.stderr.once('error', end);
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`, end);
}
