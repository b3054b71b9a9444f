import { execFile } from 'node:child_process';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A program as a person runs it. Never rejects: what it says is what is looked at. */
export function run(program: string, args: readonly string[], stdin = ''): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { timeout: 60_000 }, (error, out, err) => {
      const code = error ? (typeof error.code === 'number' ? error.code : 127) : 0;
      resolve({ code, out, err });
    });
    child.stdin?.end(stdin);
  });
}

/** curl with `--fail`, as in a pipeline that looks at nothing but the exit code. */
export const curl = (...args: string[]) => run('curl', ['--fail', '--silent', '--show-error', ...args]);
