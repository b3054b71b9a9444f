import { type SetupAddress, type SetupRecipe, shownSecret } from '../../recipe.ts';
import type { Preset } from '../preset.ts';

/** https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries */
export const HUB_SIGNATURE: Preset['verify'] = { hmac: { header: 'X-Hub-Signature-256', prefix: 'sha256=' } };

const EVENT = '$headers.x-github-event';

export const eventOf = (name: string) => ({ [EVENT]: name });

export const PING = {
  when: { [EVENT]: 'ping' },
  reason: 'ping',
  detail: 'GitHub sends it when a webhook is made',
} as const;

export const repository = {
  service: { path: 'repository.name' },
  repository: { first: [{ path: 'repository.html_url' }, { path: 'repository.full_name' }] },
  repository_id: { path: 'repository.id' },
};

export const githubSteps = (address: SetupAddress, events: readonly string[]): SetupRecipe['steps'] => [
  {
    text: ['In the repository or organization: ', { menu: 'Settings → Webhooks → Add webhook' }],
    block: address.url,
  },
  { text: ['Content type: ', { code: 'application/json' }] },
  { text: ['Secret: ', shownSecret(address)] },
  { text: ['“Let me select individual events”: ', { menu: events.join(', ') }, ', and nothing else'] },
];
