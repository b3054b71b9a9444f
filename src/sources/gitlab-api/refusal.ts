import { WebhookRejected } from '../../domain/errors.ts';
import type { Answer } from '../outcome.ts';

/** GitLab's own is exactly this: some clients compare the whole header (python-gitlab before 3.13). */
const JSON_TYPE = { 'content-type': 'application/json' };

export const answer = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  body,
  headers: { ...JSON_TYPE, ...headers },
});

/** A request that GitLab would refuse, with GitLab's answer. */
export class Refusal extends WebhookRejected {
  readonly answer: Answer;
  constructor(status: number, body: { readonly error: string } | { readonly message: unknown }, why: string) {
    super('bad_payload', why);
    this.answer = answer(status, body);
  }
}

/** A parameter that Grape refuses before the endpoint runs. */
export const badParameter = (error: string): Refusal => new Refusal(400, { error }, error);

/** A validation of a model. */
export function invalid(field: string, problem: string, advice = ''): Refusal {
  return new Refusal(400, { message: { [field]: [problem] } }, `${field}: ${problem}${advice && `. ${advice}`}`);
}

/** GitLab's two kinds of 404: for a missing object, and for a missing route. */
export const notFound = (why: string): Refusal => new Refusal(404, { message: '404 Not found' }, why);
export const noRoute = (why: string): Refusal => new Refusal(404, { error: '404 Not Found' }, why);
