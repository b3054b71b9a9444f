import type { Command } from 'commander';
import type { BridgeAccess } from '../config/bridge-access.ts';
import type { DeadLetterOptions } from './dead-letters.ts';
import type { JsonOption } from './output.ts';
import { runRemoteCommand, withBridgeOptions } from './run-command.ts';

/** `shiplog dead-letters`: list, show, replay, drop. */
export function addDeadLetters(program: Command): void {
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
      .option('--since <when>', 'died since: 90m, 12h, 2d, 03:00 (UTC), yesterday or a time')
      .option('--until <when>', 'died before: 90m, 12h, 2d, 03:00 (UTC), yesterday or a time');
  withBridgeOptions(filtered(deadLetters.command('ls').description('list them')))
    .option('--json', 'for programs')
    .action((options: BridgeAccess & DeadLetterOptions) =>
      runRemoteCommand(import('./dead-letters.ts'), options, ({ listDeadLetters }, config) =>
        listDeadLetters(config, options),
      ),
    );
  withBridgeOptions(deadLetters.command('show'))
    .description('one dead letter')
    .argument('<id>')
    .option('--json', 'for programs, with all that is known of its deployment or webhook')
    .action((id: string, options: BridgeAccess & JsonOption) =>
      runRemoteCommand(import('./dead-letters.ts'), options, ({ showDeadLetter }, config) =>
        showDeadLetter(config, id, options),
      ),
    );
  for (const order of ['replay', 'drop'] as const) {
    const command = filtered(deadLetters.command(order).description(order === 'replay' ? 'retry them' : 'delete them'))
      .option('--all', 'all of them')
      .option('--dry-run', 'say how many');
    if (order === 'replay') command.option('--remap', 'map the webhooks again from their kept bodies first');
    withBridgeOptions(command)
      .option('--json', 'for programs')
      .action((options: BridgeAccess & DeadLetterOptions) =>
        runRemoteCommand(import('./dead-letters.ts'), options, ({ orderDeadLetters }, config) =>
          orderDeadLetters(config, order, options),
        ),
      );
  }
}
