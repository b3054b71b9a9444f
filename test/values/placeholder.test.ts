import { describe, expect, it } from 'vitest';
import { isNothing, isPlaceholder } from '../../src/values/placeholder.ts';

describe('a value that nobody filled in', () => {
  it.each([
    ...['$CI_COMMIT_REF_NAME', '${ENVIRONMENT}', '${ENVIRONMENT:-}', '${{ github.ref_name }}', '$(Build.SourceBranch)'],
    ...['{{environment}}', '{{ .Values.env }}', '%build.vcs.number%', '%ENV%'],
    ...[
      '$env:ENVIRONMENT',
      '$[variables.environment]',
      '#{Octopus.Environment.Name}',
      '<+env.name>',
      '<< parameters.env >>',
    ],
  ])('%s is a placeholder', (text) => {
    expect(isPlaceholder(text)).toBe(true);
  });

  it.each([
    'review/$CI_COMMIT_REF_SLUG',
    '$',
    '$5 off',
    '100%',
    '50% of %d',
    'a{{b}}',
    '{}',
    'main',
    '$(',
    '${{ a }} b',
    '<main>',
    '#12',
    '<<',
  ])('%s is a text', (text) => {
    expect(isPlaceholder(text)).toBe(false);
  });

  it('is nothing, as Go, Python, a shell or jq print it', () => {
    for (const text of ['', 'null', 'None', 'undefined', '<no value>', '<nil>']) expect(isNothing(text)).toBe(true);
    for (const text of ['none', 'nullable', '0', 'false', ' ']) expect(isNothing(text)).toBe(false);
  });
});
