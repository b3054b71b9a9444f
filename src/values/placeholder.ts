/** What templates, shells and scripts print for a missing value. */
const NOTHING: ReadonlySet<string> = new Set([
  ...['', 'null', 'NULL', '(null)', 'undefined', 'None', 'nil'],
  ...['<no value>', '<nil>'], // Go
]);

/**
 * A variable or expression that nobody filled in: `$CI_COMMIT_REF_NAME` and `${NAME}` of a shell in single quotes,
 * `${{ github.ref_name }}` (GitHub), `$(Build.SourceBranch)` (Azure), `{{ name }}`, `%build.number%` (TeamCity).
 */
const PLACEHOLDER =
  /^(?:\$\w{1,200}|\$\{[^{}]{1,200}\}|\$\{\{[^{}]{1,200}\}\}|\$\([^()]{1,200}\)|\{\{[^{}]{1,200}\}\}|%[\w.]{1,200}%)$/;

export const isNothing = (text: string): boolean => NOTHING.has(text);

export const isPlaceholder = (text: string): boolean => PLACEHOLDER.test(text);
