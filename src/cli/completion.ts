import type { Command } from 'commander';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

/** @throws Error that lists the shells that are supported */
export function shellOf(name: string): Shell {
  const shell = SHELLS.find((candidate) => candidate === name);
  if (!shell) throw new Error(`there is no completion for "${name}": write ${SHELLS.join(', ')}`);
  return shell;
}

/** What may follow a command: its commands and options. */
interface Completions {
  /** The names of the commands that lead to it, each preceded by a space; empty at the top. */
  readonly path: string;
  readonly entries: readonly { readonly name: string; readonly about: string }[];
}

/**
 * A script that completes commands and options in a shell. Generated from the commands themselves, so that none is
 * missing.
 */
export function completionScript(program: Command, shell: Shell): string {
  const all = completionsOf(program, '');
  return WRITERS[shell](all);
}

function completionsOf(command: Command, path: string): Completions[] {
  const below = command.commands.map((one) => ({ name: one.name(), about: one.description(), one }));
  const options = command.options.map(({ long, short, description }) => ({
    name: long ?? short ?? '',
    about: description,
  }));
  const help = { name: '--help', about: 'what it does, and its options' };
  return [
    { path, entries: [...below.map(({ name, about }) => ({ name, about })), ...options, help] },
    ...below.flatMap(({ name, one }) => completionsOf(one, `${path} ${name}`)),
  ];
}

/** Between single quotation marks of any shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
/** fish knows `\'` and no other escape. */
const fishQuoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

const leadingTo = (all: readonly Completions[]): readonly string[] =>
  all.map(({ path }) => path).filter((path) => path !== '');

const namesOf = ({ entries }: Completions): string => entries.map(({ name }) => name).join(' ');

const bashCase = (completions: Completions): string =>
  `    ${quoted(completions.path)}) COMPREPLY=($(compgen -W ${quoted(namesOf(completions))} -- "$current")) ;;\n`;

const bash = (all: readonly Completions[]): string => `# bash completion of shiplog: source <(shiplog completion bash)
_shiplog() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path='' at
  for ((at = 1; at < COMP_CWORD; at++)); do
    case "$path \${COMP_WORDS[at]}" in
      ${leadingTo(all).map(quoted).join(' | ')}) path="$path \${COMP_WORDS[at]}" ;;
    esac
  done
  case "$path" in
${all.map(bashCase).join('')}  esac
}
complete -o default -F _shiplog shiplog
`;

const zshCase = ({ path, entries }: Completions): string =>
  `    (${quoted(path)}) found=(${entries.map(({ name, about }) => quoted(`${name}:${about}`)).join(' ')}) ;;\n`;

const zsh = (all: readonly Completions[]): string => `#compdef shiplog
# zsh completion of shiplog: source <(shiplog completion zsh)
_shiplog() {
  local route='' word
  local -a found
  for word in \${words[2,CURRENT-1]}; do
    case "$route $word" in
      (${leadingTo(all).map(quoted).join(' | ')}) route="$route $word" ;;
    esac
  done
  case "$route" in
${all.map(zshCase).join('')}  esac
  _describe -o shiplog found || _files
}
compdef _shiplog shiplog
`;

/** `-f`: no file name may follow where a command is expected. */
const fishLine = (path: string, name: string, about: string): string =>
  [
    'complete -c shiplog',
    name.startsWith('-') ? '' : ' -f',
    ` -n ${fishQuoted(`__shiplog_at "${path}"`)} -a ${fishQuoted(name)} -d ${fishQuoted(about)}\n`,
  ].join('');

const fishLines = ({ path, entries }: Completions): string =>
  entries.map(({ name, about }) => fishLine(path, name, about)).join('');

const fish = (all: readonly Completions[]): string => `# fish completion of shiplog: shiplog completion fish | source
function __shiplog_at
  set -l path ''
  for word in (commandline -opc)[2..-1]
    switch "$path $word"
      case ${leadingTo(all).map(fishQuoted).join(' ')}
        set path "$path $word"
    end
  end
  test "$path" = "$argv[1]"
end
${all.map(fishLines).join('')}`;

const WRITERS: Readonly<Record<Shell, (all: readonly Completions[]) => string>> = { bash, zsh, fish };
