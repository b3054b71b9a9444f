import type { Output } from '../../src/cli/output.ts';
import type { Config } from '../../src/config/config.ts';

/** What a command prints, as on a terminal of that width, or into a pipe. */
export function paper(columns?: number) {
  let out = '';
  let err = '';
  const screen = { columns, isTTY: columns !== undefined, hasColors: () => false };
  const output: Output = {
    stdout: { ...screen, write: (text) => (out += text) },
    stderr: { ...screen, write: (text) => (err += text) },
  };
  return { output, out: () => out, err: () => err };
}

/** The configuration with which a command finds this bridge. */
export const reaching = ({ config, url }: { readonly config: Config; readonly url: string }): Config => ({
  ...config,
  port: Number(new URL(url).port),
});
