import type { Command } from 'commander';
import type { BridgeAccess } from '../config/bridge-access.ts';
import type { AlertsOptions } from './alerts.ts';
import type { ChangesOptions } from './changes.ts';
import type { JsonOption } from './output.ts';
import type { PerformanceOptions } from './performance.ts';
import { runRemoteCommand, withBridgeOptions } from './run-command.ts';
import type { RunningOptions } from './running.ts';
import type { TailOptions } from './tail.ts';
import type { WaitOptions } from './wait.ts';
import { wholeNumber } from './whole-number.ts';

/** Commands that only ask a bridge, on this machine or elsewhere. */
export const remoteCommands: readonly ((program: Command) => void)[] = [
  addLogin,
  addTail,
  addTrace,
  addChanges,
  addPerformance,
  addRunning,
  addAlerts,
  addWait,
  addReplay,
];

function addLogin(program: Command): void {
  withBridgeOptions(program.command('login'))
    .description('check the address and the token, and store them for this user: for a machine without a bridge')
    .action((options: BridgeAccess) =>
      runRemoteCommand(import('./login.ts'), options, ({ logIn }, bridge) => logIn(bridge)),
    );
}

function addTail(program: Command): void {
  withBridgeOptions(program.command('tail'))
    .description('webhooks and deliveries as they happen, one line each, until Ctrl-C')
    .option('--last <n>', 'show this many past events first', wholeNumber(0, 500), 10)
    .option('--json', 'for programs: one JSON object per line')
    .action((options: BridgeAccess & TailOptions) =>
      runRemoteCommand(import('./tail.ts'), options, ({ runTail }, config) => runTail(config, options)),
    );
}

function addTrace(program: Command): void {
  withBridgeOptions(program.command('trace'))
    .description('everything about a deployment: its webhooks, records and deliveries with every attempt')
    .argument(
      '<what>',
      'commit (7 digits or more), deployment key or alias, id of a webhook or delivery, or the URL of one of them',
    )
    .option('--json', 'for programs')
    .action((what: string, options: BridgeAccess & JsonOption) =>
      runRemoteCommand(import('./trace.ts'), options, ({ trace }, config) => trace(config, what, options)),
    );
}

function addChanges(program: Command): void {
  withBridgeOptions(program.command('changes'))
    .description('the change log, newest first')
    .option('--env, --environment <name>', 'only this environment, or those that have it in their names')
    .option('--service <name>')
    .option('--source <name>')
    .option('--tier <tier>', 'production, staging, testing, development or other')
    .option('--type <type>', 'such as rollback or database_migration')
    .option('--risk <level>', 'low, medium, high or critical')
    .option('--tag <tag>')
    .option('--status <state>', 'pending, running, succeeded, failed, canceled or stale')
    .option('--branch <name>')
    .option('--commit <sha>', '7 digits or more')
    .option('--person <name>', 'who deployed it, or wrote the commit')
    .option('--owner <team>', 'only the services of this team (owners in the configuration)')
    .option('--text <words>', 'words that must all occur, or the URL of a commit, merge request, pipeline or job')
    .option('--since <when>', 'such as 90m, 2h, 7d, 03:00 (UTC), yesterday or 2026-03-14T20:00:00Z')
    .option('--until <when>')
    .option('--limit <n>', 'at most this many', wholeNumber(1, 100_000), 25)
    .option('--json', 'for programs')
    .action((options: BridgeAccess & ChangesOptions) =>
      runRemoteCommand(import('./changes.ts'), options, ({ listChanges }, config) => listChanges(config, options)),
    );
}

function addPerformance(program: Command): void {
  withBridgeOptions(program.command('performance'))
    .description('the four DORA measures, by service, environment or team')
    .option('--env, --environment <name>', 'production unless it is given; "*" for all', '')
    .option('--service <name>', 'only this service', '')
    .option('--owner <team>', 'only the services of this team', '')
    .option('--range <range>', '7d, 30d or 90d', '30d')
    .option('--by <what>', 'service, environment or team', 'service')
    .option('--json', 'for programs')
    .action((options: BridgeAccess & PerformanceOptions) =>
      runRemoteCommand(import('./performance.ts'), options, ({ showPerformance }, config) =>
        showPerformance(config, options),
      ),
    );
}

function addRunning(program: Command): void {
  withBridgeOptions(program.command('running'))
    .description('what runs where: each service in each environment, since when, by whom')
    .option('--env, --environment <name>', 'only this environment')
    .option('--service <name>')
    .option('--tier <tier>', 'production, staging, testing, development or other')
    .option('--owner <team>', 'only the services of this team')
    .option('--json', 'for programs')
    .action((options: BridgeAccess & RunningOptions) =>
      runRemoteCommand(import('./running.ts'), options, ({ listRunning }, config) => listRunning(config, options)),
    );
}

function addAlerts(program: Command): void {
  withBridgeOptions(program.command('alerts'))
    .description('alerts, newest first; with the id of one, the changes that may have caused it')
    .argument('[id]', 'of an alert, as the list has it')
    .option('--env, --environment <name>', 'only this environment')
    .option('--service <name>')
    .option('--status <status>', 'firing or resolved')
    .option('--since <when>', 'such as 90m, 2h, 7d, 03:00 (UTC), yesterday or 2026-03-14T20:00:00Z')
    .option('--until <when>')
    .option('--limit <n>', 'at most so many', wholeNumber(1, 100), 25)
    .option('--json', 'for programs')
    .action((id: string | undefined, options: BridgeAccess & AlertsOptions) =>
      runRemoteCommand(import('./alerts.ts'), options, ({ listAlerts, showAlert }, config) =>
        id === undefined ? listAlerts(config, options) : showAlert(config, id, options),
      ),
    );
}

function addWait(program: Command): void {
  withBridgeOptions(program.command('wait'))
    .description(
      'wait until a commit has been deployed: 0 it succeeded, 1 it failed or has not ended, 3 it was not seen',
    )
    .argument('<sha>', 'of the application or, with GitOps, of the manifests; 7 digits or more')
    .requiredOption('--env, --environment <name>', 'where to')
    .option('--service <name>', 'only this service; default: every one that the commit is deployed as')
    .option('--source <name>', 'only what this source reports')
    .option('--since <when>', 'only deployments since then, such as 10m: the commit may have been there before')
    .option('--timeout <span>', 'such as 90s, 15m or 2h', '15m')
    .option('--json', 'for programs')
    .action((sha: string, options: BridgeAccess & WaitOptions) =>
      runRemoteCommand(import('./wait.ts'), options, ({ waitFor }, config) => waitFor(config, sha, options)),
    );
}

function addReplay(program: Command): void {
  withBridgeOptions(program.command('replay'))
    .description("map a webhook again, or deliver a deployment's dead letters again")
    .argument('<what>', 'the id of a webhook, or the key or an alias of a deployment')
    .option('--json', 'for programs')
    .action((what: string, options: BridgeAccess & JsonOption) =>
      runRemoteCommand(import('./replay.ts'), options, ({ replay }, config) => replay(config, what, options)),
    );
}
