import { expect, it } from 'vitest';
import { createStores } from '../../src/app/stores.ts';
import { Config } from '../../src/config/config.ts';
import { createRecord } from '../../src/record.ts';
import { createMask } from '../../src/values/mask.ts';
import { TEXT_CHARS } from '../../src/values/text.ts';
import { aRecord } from '../support/records.ts';
import { useRedis } from '../support/use-redis.ts';

const redis = useRedis();

it("masks a secret in a tool's response before the text is cut", async () => {
  const sources = [{ type: 'gitlab', secrets: ['a-secret-of-24-characters'] }];
  const config = Config.parse({ admin_token: 'an-admin-token-for-tests', sources });
  const stores = createStores(redis, config, () => new Date());
  const { recordStep } = createRecord({
    ...stores,
    hide: createMask([]).value,
    resolve: async () => ({ fromWebhook: [], records: [] }),
    recordAlerts: async () => ({ verdict: 'recorded' }),
    noteAlerts: async () => {},
    noteRules: async () => {},
    repeatDetail: () => undefined,
    forward: async () => {},
    forwardElsewhere: async () => {},
    sinks: [],
  });
  const filler = 'a '.repeat(TEXT_CHARS / 2 - 5); // the limit is reached within the token
  const told = aRecord({ description: `${filler}glpat-${'x'.repeat(20)} and more` });
  await recordStep(told);
  const kept = (await stores.changeLog.get(told.deployment))?.deployment.description;
  expect(kept).toHaveLength(TEXT_CHARS);
  expect(kept).not.toContain('glpat');
});
