import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';

const { services } = parse(readFileSync('compose.yaml', 'utf8')) as {
  readonly services: { readonly bridge: { readonly environment: Readonly<Record<string, string>> } };
};
const { environment } = services.bridge;
const written = readFileSync('config/shiplog.yaml', 'utf8').matchAll(/\$\{([A-Z0-9_]+)/g);
const variables = [...new Set(Array.from(written, ([, name = '']) => name))];

/** The image and the Redis beside it decide these. */
const FIXED = /^(?:PORT|SHIPLOG_HOST|SHIPLOG_DATA_DIR|REDIS_.*)$/;

it('hands the bridge each variable of the configuration, from the environment or .env', () => {
  const open = variables.filter((name) => !FIXED.test(name));
  expect(open.filter((name) => environment[name] !== `\${${name}:-}`)).toEqual([]);
});
