import { aConfig, payload, SECRET } from '../explain/support.ts';
import { PRESETS_GIVEN } from './presets.ts';

/** What the tools send, by type of source and name of a golden input of its tests. */
export const PAYLOADS: readonly (readonly [type: string, file: string])[] = [
  ['gitlab', 'deployment-running'],
  ['gitlab', 'pipeline-two-of-five-jobs-deployed'],
  ['gitlab', 'job-success-gitlab-19'],
  ['bitbucket', 'rest-succeeded'],
  ['bitbucket', 'step-succeeded'],
  ['bitbucket', 'dc-succeeded'],
  ['argocd', 'succeeded'],
  ['argocd', 'application'],
  ['argocd', 'flat-nested'],
  ['argocd', 'commit-status'],
  ['argocd', 'drop-in'],
  ['changes-api', 'everything'],
  ['gitlab-api', 'new-deployment'],
  ['heroku', 'deploy-succeeded'],
  ['ctoai', 'gitlab-template'],
  ['webhook', 'bare/cdevents'],
  ['flux', 'succeeded'],
  ['alerts', 'alertmanager'],
  ['alerts', 'pagerduty-triggered'],
];
/** Every source, and every kind of sink. */
export const config = aConfig({
  sources: [...new Set(PAYLOADS.map(([type]) => type))].map((type) => ({ type, secrets: [SECRET] })),
  sinks: [
    { type: 'alert24', api_key: 'ak-mira-1234567890abcdef' },
    { type: 'gitlab-deployments', url: 'https://gitlab.harbor.example', token: 'a-token-of-24-characters' },
    { type: 'alertops', url: 'https://alertops.example.com/in/key-1234567890' },
    { type: 'ctoai', token: 'a-token-of-24-characters', team_id: 'team' },
    { type: 'cdevents', url: 'https://events.example.com' },
    { type: 'http', preset: 'slack', ...PRESETS_GIVEN.slack },
  ],
});
export const options = { rules: config.rules, routing: config.routing, sinks: config.sinks, checkSignature: false };

export const payloadOf = (type: string, file: string): unknown => JSON.parse(payload(`${type}/${file}.json`));
