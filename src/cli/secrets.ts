import type { Config } from '../config/config.ts';
import { publicAddressOf } from './address.ts';
import { type JsonOption, printJson } from './output.ts';

/** The only command that prints secrets, because it was asked to. */
export function showSecrets(config: Config, { json }: JsonOption = {}): void {
  const base = publicAddressOf(config);
  if (json) {
    const sources = config.sources.map(({ name, type, secrets }) => {
      return { name, type, url: `${base}/webhooks/${name}`, secrets };
    });
    const viewer = config.viewer_token ? [{ name: 'viewer', may: 'read', token: config.viewer_token }] : [];
    const admin = { name: 'admin', may: 'admin', token: config.admin_token };
    return void printJson(process, { url: `${base}/`, sources, tokens: [admin, ...viewer, ...config.tokens] });
  }
  const sources = config.sources.map(
    ({ name, secrets }) =>
      `${name}\n  URL     ${base}/webhooks/${name}\n${secrets.map((secret) => `  secret  ${secret}`).join('\n')}\n`,
  );
  const others = [
    ...(config.viewer_token ? [{ name: 'viewer', may: 'read', token: config.viewer_token }] : []),
    ...config.tokens,
  ].map(({ name, may, token }) => `\n${name} (may ${may})\n  token   ${token}\n`);
  process.stdout.write(
    `${sources.join('\n')}\nadmin (pages and reading)\n  URL     ${base}/\n` +
      `  token   ${config.admin_token}\n${others.join('')}`,
  );
}
