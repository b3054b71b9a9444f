import { describe, expect, it } from 'vitest';
import type { KeyFamily } from '../../src/store/key-family.ts';
import { keys } from '../../src/store/keys.ts';
import { type ScriptFile, scriptFiles, usersOf } from '../support/scripts.ts';

const INTRODUCTION = `# Keys in Redis

All keys, including those of BullMQ, begin with \`{shiplog}\`: the braces are a hash tag, which puts them into one slot of a
Redis Cluster. \`src/store/keys/\` defines every key; several keys are only changed together inside a script, which is
atomic. This page is generated from \`src/store/keys/\` and the headers of \`src/store/scripts/\`:
\`npx vitest run test/store/redis-page.test.ts -u\` regenerates it.

## Keys
`;

function page(): string {
  const families = Object.entries<KeyFamily<string>>(keys as never); // each takes its own number of values
  return [
    INTRODUCTION,
    ...families.map(([name, family]) => keySection(name, family)),
    '## Scripts\n',
    ...scriptFiles().map(scriptSection),
  ].join('\n');
}

function keySection(name: string, { pattern, type, content, writtenBy, ends }: KeyFamily): string {
  return [
    `### ${name}\n`,
    `\`${pattern}\` (${type}): ${content}.\n`,
    `- Written by: ${writtenBy}`,
    `- Ends: ${ends}\n`,
  ].join('\n');
}

function scriptSection({ name, about, parameters, reply }: ScriptFile): string {
  const rows = parameters.map(rowOf);
  return [
    `### ${name}.lua\n`,
    `${about}\n`,
    `Used by ${usersOf(name).join(', ')}.\n`,
    ...rows,
    ...(reply ? [`- Reply: ${reply}`] : []),
    '',
  ].join('\n');
}

function rowOf({ kind, first, open, text }: ScriptFile['parameters'][number]): string {
  const said = kind === 'KEYS' ? text.replace(/^(\w+) /, '$1: ') : text;
  return `- \`${kind}[${first}${open ? '…' : ''}]\`: ${said}`;
}

describe('docs/redis.md', () => {
  it('is generated from the code', async () => {
    await expect(page()).toMatchFileSnapshot('../../docs/redis.md');
  });
});
