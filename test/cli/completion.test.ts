import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, describe, expect, it } from 'vitest';
import { completionScript, shellOf } from '../../src/cli/completion.ts';

const dir = mkdtempSync(join(tmpdir(), 'shiplog-completion-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const program = new Command('shiplog').version('1');
program
  .command('tail')
  .description('what\'s happening: webhooks, `deliveries` & "more"')
  .option('--last <n>', 'how many');
const letters = program.command('dead-letters').description('tried no more');
letters.command('ls').description('list them').option('--sink <name>', 'one sink').option('--json', 'for $programs');

const has = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0;

/** What the shell would offer for the last word. */
const OFFERS = {
  bash: (words: readonly string[]) => `
    source "$1"
    COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}) COMP_CWORD=${words.length - 1}
    _shiplog; printf '%s\\n' "\${COMPREPLY[@]}"`,
  // compdef and _describe are of the interactive shell: here they say what they were given
  zsh: (words: readonly string[]) => `
    compdef() { : }
    _describe() { for one in \${(P)3}; do print -r -- \${one%%:*}; done }
    source "$1"
    words=(${words.map((word) => `'${word}'`).join(' ')}) CURRENT=${words.length}
    _shiplog`,
  fish: (words: readonly string[]) =>
    `source $argv[1]; complete -C '${words.join(' ')}' | string replace -r '\\t.*' ''`,
} as const;

function offered(shell: keyof typeof OFFERS, words: readonly string[]): string[] {
  const file = join(dir, `shiplog.${shell}`);
  writeFileSync(file, completionScript(program, shell));
  const args = shell === 'fish' ? ['-c', OFFERS.fish(words), file] : ['-c', OFFERS[shell](words), shell, file];
  const { stdout, stderr } = spawnSync(shell, args, { encoding: 'utf8', env: { ...process.env, HOME: dir } });
  expect(stderr).toBe('');
  return stdout.split('\n').filter(Boolean).sort();
}

describe.each(['bash', 'zsh', 'fish'] as const)('the completion for %s, if it is installed', (shell) => {
  it.skipIf(!has(shell)).each<[string[], string[]]>([
    [
      ['shiplog', ''],
      ['dead-letters', 'tail'],
    ],
    [
      ['shiplog', 'tail', '--'],
      ['--help', '--last'],
    ],
    [['shiplog', 'dead-letters', ''], ['ls']],
    [
      ['shiplog', 'dead-letters', 'ls', '--'],
      ['--help', '--json', '--sink'],
    ],
    [
      ['shiplog', 'dead-letters', 'ls', '--sink', 'tail', '--'],
      ['--help', '--json', '--sink'],
    ],
  ])('offers after %j what may follow', (words, wanted) => {
    const found = offered(shell, words);
    expect(found.filter((name) => name.startsWith('--') === words.at(-1)?.startsWith('--'))).toEqual(wanted);
  });
});

describe('a shell', () => {
  it('is refused if it is unknown, with a list of those that are supported', () => {
    expect(() => shellOf('tcsh')).toThrow('there is no completion for "tcsh": write bash, zsh, fish');
  });
});
