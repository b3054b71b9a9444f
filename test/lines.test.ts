import { expect, it } from 'vitest';
import { sourceFiles } from './architecture/source-text.ts';

const LONGEST = 120;
/** A regular expression cannot be broken, and in pieces nobody could read it. */
const isPattern = (line: string): boolean => /^\s*\/[^/*].*\/[a-z]*[;,]?$/.test(line);

/** Files that still have longer ones. The list only gets shorter. */
const PENDING = new Set([
  'src/cli/doctor.ts',
  'src/cli/secrets.ts',
  'src/config/load.ts',
  'src/http/openapi-operations.ts',
  'src/http/openapi.ts',
  'src/http/proxy-watch.ts',
  'src/queue/connection.ts',
  'src/queue/flush.ts',
  'src/sinks/gitlab-deployments/deliver.ts',
  'src/sinks/gitlab-deployments/index.ts',
  'src/sources/argocd/application-commit.ts',
  'src/sources/argocd/contract.ts',
  'src/sources/argocd/flat.ts',
  'src/sources/argocd/origin.ts',
  'src/store/deliveries/ledger.ts',
  'src/store/keys.ts',
  'src/web/login.ts',
  'src/web/router.tsx',
  'src/web/session.ts',
]);

it('no line is longer than 120 characters', () => {
  const long = sourceFiles('src', /\.(?:ts|tsx|js)$/).flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, at) =>
        line.length > LONGEST && !isPattern(line) && !PENDING.has(path)
          ? [`${path}:${at + 1} has ${line.length} characters`]
          : [],
      ),
  );
  expect(long).toEqual([]);
});
