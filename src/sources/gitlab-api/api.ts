import { WebhookRejected } from '../../domain/errors.ts';
import type { ImitatedApi } from '../outcome.ts';
import type { WebhookHead } from '../received-webhook.ts';
import { basicPassword, bearerToken, isOneOf } from '../signature.ts';
import { routeOf } from './route.ts';
import { type ApiSettings, serve } from './serve.ts';

export { paramsOf } from './params.ts';
export { mapKeptRow } from './record.ts';
export { answer as apiAnswer, badParameter } from './refusal.ts';
export { projectName, routeOf, serviceOf } from './route.ts';
export { type ApiSettings, refusalAnswer } from './serve.ts';

/** The path of GitLab's API, for clients that take an address of a GitLab and no path. */
export const API_PATH = '/api/v4/';

/** The Deployments API of GitLab, for a source's own senders. */
export const imitation = (settings: ApiSettings): ImitatedApi => ({
  covers: (path) => routeOf(path) !== undefined,
  isWrittenAt: (path) => ['deployments', 'deployment'].includes(routeOf(path)?.kind ?? ''),
  serve: (webhook, rows) => serve(webhook, rows, settings),
});

/** GitLab takes a token in the query of its API. A query is not kept here. */
const TOKEN_PARAMETERS = ['private_token', 'access_token', 'job_token'];

/**
 * A token in any of the places in which GitLab takes one. Of several, one that is right is enough.
 * @throws WebhookRejected
 */
export function verifyToken({ headers, path, query }: WebhookHead, secrets: readonly string[]): void {
  const parameters = new URLSearchParams(routeOf(path) ? query : '');
  const given = [
    ...TOKEN_PARAMETERS.map((name) => parameters.get(name) ?? undefined),
    bearerToken(headers['authorization']),
    headers['private-token'],
    headers['job-token'],
    headers['x-gitlab-token'],
    basicPassword(headers['authorization']),
  ];
  // all are tried, so that the response time does not reveal which
  const valid = given.map((token) => isOneOf(token, secrets)).includes(true);
  if (valid) return;
  const problem = given.some((token) => token !== undefined) ? 'is not one of the secrets' : 'is missing';
  throw new WebhookRejected(
    'bad_signature',
    `the token ${problem}: send it as Authorization: Bearer, PRIVATE-TOKEN, JOB-TOKEN, X-Gitlab-Token or a basic ` +
      `auth password`,
  );
}
