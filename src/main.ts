import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addDeadLetters } from './cli/dead-letter-commands.ts';
import { localCommands } from './cli/local-commands.ts';
import { EXIT_CODES, exitOnBrokenPipe, ignoreBrokenPipe, NothingFound } from './cli/output.ts';
import { remoteCommands } from './cli/remote-commands.ts';
import { cleanOutput } from './cli/terminal.ts';
import { ConfigError } from './config/config-error.ts';

/** The command line: one function for each command declares its arguments, and loads its code when it runs. */
const program = new Command('shiplog')
  .description('Every deployment, from every tool, recorded once, with nothing lost')
  .version(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version)
  .addHelpText('afterAll', EXIT_CODES);
for (const add of [...localCommands, ...remoteCommands, addDeadLetters]) add(program);

program
  .command('completion')
  .description('a script that completes commands and options: source <(shiplog completion bash)')
  .argument('<shell>', 'bash, zsh or fish')
  .action(async (shell: string) => {
    const { completionScript, shellOf } = await import('./cli/completion.ts');
    process.stdout.write(completionScript(program, shellOf(shell)));
  });

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
