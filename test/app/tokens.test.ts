import { expect, it } from 'vitest';
import { tokensOf } from '../../src/app/tokens.ts';
import { Config } from '../../src/config/config.ts';
import { AnySource } from '../../src/sources/index.ts';

const types = AnySource.options.map((option) => option.in.shape.type.value);
const secretOf = (type: string) => `a-secret-of-${type}-0123456789`;

it('opens the API to the tokens of the configuration and the keys that post changes, and to no secret of a webhook', () => {
  const config = Config.parse({
    admin_token: 'an-admin-token-0123456789',
    viewer_token: 'a-viewer-token-0123456789',
    tokens: [{ name: 'wall', token: 'a-named-token-0123456789', may: 'read' }],
    sources: types.map((type) => ({ type, secrets: [secretOf(type)] })),
  });
  expect(config.sources.map(({ type }) => type)).toEqual(types);
  expect(tokensOf(config)).toEqual([
    { name: 'admin', token: 'an-admin-token-0123456789', may: 'admin' },
    { name: 'viewer', token: 'a-viewer-token-0123456789', may: 'read' },
    { name: 'wall', token: 'a-named-token-0123456789', may: 'read' },
    { name: 'changes', token: secretOf('changes-api'), may: 'write', source: 'changes' },
  ]);
});
