/** What templates, shells and scripts print for a missing value. */
const NOTHING: ReadonlySet<string> = new Set([
  ...['', 'null', 'NULL', '(null)', 'undefined', 'None', 'nil'],
  ...['<no value>', '<nil>'], // Go
]);

/** A variable or expression that nobody filled in. */
const PLACEHOLDERS = [
  /\$\w{1,200}/, // $CI_COMMIT_REF_NAME of a shell in single quotes
  /\$\{[^{}]{1,200}\}/, // ${NAME}
  /\$\{\{[^{}]{1,200}\}\}/, // ${{ github.ref_name }}: GitHub
  /\$\([^()]{1,200}\)/, // $(Build.SourceBranch): Azure
  /\{\{[^{}]{1,200}\}\}/, // {{ name }}
  /%[\w.]{1,200}%/, // %build.number%: TeamCity
  /\$env:\w{1,200}/, // PowerShell
  /\$\[[^[\]]{1,200}\]/, // $[variables.environment]: Azure
  /#\{[^{}]{1,200}\}/, // #{Octopus.Environment.Name}
  /<\+[^<>]{1,200}>/, // <+env.name>: Harness
  /<<[^<>]{1,200}>>/, // << parameters.environment >>: CircleCI
];

/** Within a longer text only what is hardly anything else: `$5`, `US$`, `100%` and the `%20` of a URL are texts. */
const WITHIN_A_TEXT = [
  /\$\{[^{}]{1,200}\}/,
  /\$\([\w.]{1,200}\)/,
  /\$[A-Z]{1,100}_[A-Z]\w{0,100}/,
  /\$?\{\{[^{}]{1,200}\}\}/,
  /%[A-Z][A-Z_]{2,100}%/,
  /%[a-z]{2,40}\.[\w.]{1,100}%/,
  /<no value>|<nil>/,
];

const anyOf = (patterns: readonly RegExp[]): string => patterns.map(({ source }) => source).join('|');
const PLACEHOLDER = new RegExp(`^(?:${anyOf(PLACEHOLDERS)})$`);
const VARIABLE_WITHIN = new RegExp(anyOf(WITHIN_A_TEXT), 'g');

export const isNothing = (text: string): boolean => NOTHING.has(text);

export const isPlaceholder = (text: string): boolean => PLACEHOLDER.test(text);

/** The variables and expressions that nobody filled in, in a text that may have others around them. */
export function unfilledIn(text: string): readonly string[] {
  if (!/[$%<{]/.test(text)) return [];
  return isPlaceholder(text) ? [text] : (text.match(VARIABLE_WITHIN) ?? []);
}
