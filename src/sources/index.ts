import { z } from 'zod';
import { alerts } from './alerts/index.ts';
import { argocd } from './argocd/index.ts';
import { bitbucket } from './bitbucket/index.ts';
import { changesApi } from './changes-api/index.ts';
import { ctoai } from './ctoai/index.ts';
import { flux } from './flux/index.ts';
import { gitlab } from './gitlab/index.ts';
import { gitlabApi } from './gitlab-api/index.ts';
import { heroku } from './heroku/index.ts';
import { webhook } from './webhook/index.ts';
import { isPresetName } from './webhook/presets/index.ts';

/** Every type of source. A new one is a folder and a name here. */
export const AnySource = z.discriminatedUnion('type', [
  gitlab,
  bitbucket,
  argocd,
  changesApi,
  gitlabApi,
  heroku,
  ctoai,
  webhook,
  flux,
  alerts,
]);

/**
 * What a source of this name would be in the configuration: `{ type: webhook, preset: <name> }`. Undefined: there is no
 * such type and no such preset.
 */
export function sourceCalled(name: string): string | undefined {
  if (isPresetName(name)) return `{ type: webhook, preset: ${name}, secrets: ["generated"] }`;
  const isType = AnySource.options.some((option) => option.in.shape.type.value === name);
  return isType ? `{ type: ${name}, secrets: ["generated"] }` : undefined;
}

/** The body that senders post to our own API, for its description. */
export { ChangeCreate as PostedChange } from './changes-api/schema.ts';
