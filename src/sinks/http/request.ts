import type { Deployment } from '../../domain/deployment.ts';
import { DeliveryFailed } from '../../domain/errors.ts';
import type { JsonRequest } from '../../outbound/http.ts';
import { type Template, ValueMissing } from '../../templates/template-context.ts';
import { wellFormed } from '../../values/text.ts';
import type { PreviewedRequest } from '../sink.ts';
import { isSigned, type Proof } from './auth.ts';
import { eventIdOf, factsOf } from './facts.ts';
import { scopeOf, type TemplateSettings } from './scope.ts';
import type { Url } from './url.ts';

/** A request with open values. */
export interface Exchange {
  readonly method: 'POST' | 'PUT' | 'PATCH';
  readonly url: Url;
  readonly headers: readonly (readonly [name: string, value: Template])[];
  /** Absent: everything that is known of the deployment. */
  readonly body: Template | undefined;
}

export interface Parts {
  readonly given: TemplateSettings;
  readonly proof: Proof | undefined;
}

interface RequestInput {
  readonly deployment: Deployment;
  readonly now: Date;
  readonly remoteId?: string | undefined;
  readonly pageUrl?: string | undefined;
}

/** @throws DeliveryFailed `never` when something that it needs is missing. */
export function requestOf(exchange: Exchange, parts: Parts, input: RequestInput): JsonRequest {
  try {
    return filled(exchange, parts, input);
  } catch (error) {
    if (!(error instanceof ValueMissing)) throw error;
    throw new DeliveryFailed(
      `not sent: ${error.message}, which this deployment does not have. Let the sender ` +
        'report it, set it by a rule, or give a default',
      { retry: 'never', cause: error },
    );
  }
}

function filled(exchange: Exchange, { given, proof }: Parts, { deployment, now, ...known }: RequestInput): JsonRequest {
  const scope = scopeOf(deployment, given, known);
  const body = exchange.body ? exchange.body(scope) : factsOf(deployment, known.pageUrl);
  if (body === undefined)
    throw new DeliveryFailed(`not sent: of ${deployment.key} nothing is known that the body holds`, { retry: 'never' });
  const id = eventIdOf(deployment);
  const headers = exchange.headers.flatMap(([name, template]) => {
    const value = template(scope);
    return value === undefined || value === null || typeof value === 'object'
      ? []
      : [[name, headerText(String(value))]];
  });
  return {
    method: exchange.method,
    url: exchange.url.of(scope),
    headers: {
      'idempotency-key': id,
      ...Object.fromEntries(headers),
      ...proof?.headers,
      ...proof?.sign?.(body, { id, at: now }),
    },
    body,
  };
}

/** A commit title may contain characters that a header may not. */
const headerText = (text: string): string =>
  wellFormed(text.trim()).replace(/[^\x20-\x7e]/gu, (character) => encodeURIComponent(character));

/** For a person to read: without secrets anywhere. */
export function preview(request: JsonRequest, secrets: readonly string[]): PreviewedRequest {
  const { method, url, headers = {}, body } = request;
  const notes = isSigned(request) ? ['webhook-timestamp and webhook-signature are made when it is sent'] : [];
  const shown = {
    accept: 'application/json',
    'content-type': 'application/json',
    ...headers,
    ...(isSigned(request) && { 'webhook-timestamp': '[now]', 'webhook-signature': 'v1,[signature]' }),
  };
  return {
    method,
    url: hide(url, secrets),
    headers: Object.fromEntries(Object.entries(shown).map(([name, value]) => [name, hide(value, secrets)])),
    body: hideIn(body, secrets),
    ...(notes.length > 0 && { notes }),
  };
}

function hide(text: string, secrets: readonly string[]): string {
  const spellings = secrets.flatMap((secret) => [secret, encodeURIComponent(secret)]);
  return spellings.reduce((hidden, spelling) => hidden.replaceAll(spelling, '[secret]'), text);
}

function hideIn(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') return hide(value, secrets);
  if (Array.isArray(value)) return value.map((item) => hideIn(item, secrets));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hideIn(item, secrets)]));
}
