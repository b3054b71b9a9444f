import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { runDoctor } from './cli/doctor.ts';
import { sendSample } from './cli/sample.ts';
import { showSecrets } from './cli/secrets.ts';
import { start } from './cli/start.ts';
import { ConfigError, loadConfig } from './config/load.ts';

/** The command line. Exit codes: 0 done · 1 it did not work, and standard error says why · 2 the configuration is wrong. */
const program = new Command('shiplog')
  .description('Every deployment, from every tool, recorded once, with nothing lost')
  .version(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version);

program
  .command('start')
  .description('run receivers and workers (npm start does this)')
  .action(() => start(loadConfig()));
program
  .command('secrets')
  .description('show the webhook URLs and their secrets')
  .action(() => showSecrets(loadConfig()));
program
  .command('sample')
  .description('send a signed sample deployment to the running bridge, as the tool itself would')
  .argument('<source>', 'the name of a configured source: gitlab, bitbucket, argocd, changes')
  .action((source: string) => sendSample(loadConfig(), source));
program
  .command('doctor')
  .description('check the configuration, the running bridge, Redis, the clock and every destination')
  .action(() => runDoctor(loadConfig()));

try {
  await program.parseAsync();
} catch (error) {
  // What was half opened would keep the process alive.
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`, () =>
    process.exit(error instanceof ConfigError ? 2 : 1),
  );
}
