import { WebhookRejected } from '../../domain/errors.ts';
import type { Scope } from '../../templates/shape.ts';
import { ValueMissing } from '../../templates/template-context.ts';
import type { Json } from '../../values/json.ts';
import { excerpt } from '../../values/text.ts';
import type { IgnoredReason, Mapped } from '../mapped.ts';
import type { Webhook } from '../received-webhook.ts';
import type { Reader, ReaderEvent } from './compile.ts';
import { holds, whyNot } from './conditions.ts';
import { FIELD_NAMES, type Values } from './field-names.ts';
import { type Instance, toRecord } from './record.ts';
import { stateOf } from './states.ts';
import { textOf } from './text-of.ts';

/**
 * Maps a payload to one record, or returns why it makes none.
 * @throws WebhookRejected `bad_payload`
 */
export function mapPayload(payload: unknown, webhook: Webhook, reader: Reader, instance: Instance): Mapped {
  const scope = scopeOf(payload, webhook);
  const unwanted = reader.ignore.find(({ when }) => holds(when, scope));
  if (unwanted) return ignored(unwanted.reason, unwanted.detail ?? 'a rule under `ignore` of the source says so');
  const event = eventOf(reader, scope);
  if (typeof event === 'string') return ignored('not_a_deployment', event);
  const values = valuesOf(event, scope);
  const state = stateOf(values.state);
  if (!state) return ignored('unknown_status', stateAdvice(values.state ?? event.stateWord(scope), instance));
  if (textOf(values.environment) === undefined && reader.withoutEnvironment === 'ignore')
    return ignored('no_environment', `the event names no environment: set fields.environment of ${instance.name}`);
  const id = textOf(values.id);
  if (id === undefined)
    throw new WebhookRejected(
      'bad_payload',
      `the field that identifies the deployment is missing: correct fields.id of the source ${instance.name}, or ` +
        'list the event under ignore',
    );
  return { kind: 'records', records: [toRecord({ id, state, values, event, webhook, reader, instance })] };
}

const ignored = (reason: IgnoredReason, detail: string): Mapped => ({ kind: 'ignored', reason, detail });

function stateAdvice(value: Json | undefined, { name }: Instance): string {
  const word = textOf(value);
  if (word === undefined) return `the state is missing: correct fields.state of the source ${name}`;
  return `the state is ${excerpt(word)}: add it to the map of fields.state of the source ${name}`;
}

/**
 * The root of all paths: the payload itself, and beside it `$body` (the same, for a list) and `$headers` with names in
 * lower case.
 */
export function scopeOf(payload: unknown, { headers }: Pick<Webhook, 'headers'>): Scope {
  const isObject = typeof payload === 'object' && payload !== null && !Array.isArray(payload);
  return {
    ...(isObject && (payload as Scope)), // JSON, and an object
    $body: payload as Json, // it was parsed from JSON
    $headers: headers as Scope, // texts; missing ones are undefined
  };
}

/** The first event that matches, or why none does, as a sentence. */
export function eventOf(reader: Reader, scope: Scope): ReaderEvent | string {
  if (reader.when && !holds(reader.when, scope)) return whyNot(reader.when, scope);
  const found = reader.events.find(({ when }) => when === undefined || holds(when, scope));
  if (found) return found;
  return whyNot(
    reader.events.flatMap(({ when }) => when ?? []),
    scope,
  );
}

/** @throws WebhookRejected where a required one is missing */
function valuesOf({ fields }: ReaderEvent, scope: Scope): Values {
  try {
    return Object.fromEntries(
      FIELD_NAMES.flatMap((name) => {
        const value = fields[name]?.(scope);
        return value === undefined ? [] : [[name, value]];
      }),
    );
  } catch (error) {
    if (!(error instanceof ValueMissing)) throw error;
    throw new WebhookRejected('bad_payload', `${error.message}, which is missing in the webhook`, { cause: error });
  }
}
