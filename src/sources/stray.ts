import { WebhookRejected } from '../domain/errors.ts';
import type { Mapped } from './mapped.ts';
import type { Webhook } from './received-webhook.ts';
import type { Source } from './source.ts';
import { strayFrom, strayText } from './wrong-secret.ts';

/** Sources that say of a webhook they cannot read which other of them it seems to be meant for. */
export const namingStrays = (sources: readonly Source[]): Source[] =>
  sources.map((source) => ({
    ...source,
    map(payload, webhook) {
      const hint = hintFor(source, sources);
      try {
        return withHint(source.map(payload, webhook), () => hint(webhook));
      } catch (error) {
        throw withReason(error, () => hint(webhook));
      }
    },
  }));

type Hint = () => string | undefined;

function hintFor(source: Source, sources: readonly Source[]) {
  return (webhook: Webhook): string | undefined => {
    const stray = strayFrom(source, webhook, sources);
    return stray && strayText(stray);
  };
}

function withHint(mapped: Mapped, hint: Hint): Mapped {
  if (mapped.kind !== 'ignored' || mapped.reason !== 'unmapped') return mapped;
  const found = hint();
  return found === undefined ? mapped : { ...mapped, detail: joined(found, mapped.detail) };
}

function withReason(error: unknown, hint: Hint): unknown {
  if (!(error instanceof WebhookRejected) || error.code !== 'bad_payload') return error;
  const found = hint();
  return found === undefined ? error : new WebhookRejected(error.code, joined(found, error.message), { cause: error });
}

const joined = (hint: string, detail: string | undefined): string => (detail ? `${hint}. ${detail}` : hint);
