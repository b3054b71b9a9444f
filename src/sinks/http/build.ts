import { createSendJson } from '../../outbound/http.ts';
import { secretsOf as partsThatAreSecret } from '../secret-url.ts';
import { compileAdvice } from './advice.ts';
import { compileAuth, type Proof } from './auth.ts';
import { type Compiling, compileExchange } from './compile.ts';
import type { Destination } from './deliver.ts';
import type { FollowUp } from './follow-up.ts';
import type { Preset } from './preset.ts';
import type { Exchange } from './request.ts';
import { shapeOf, type TemplateSettings, withRemoteId } from './scope.ts';
import { compileUrl, type Url } from './url.ts';
import type { Written } from './written.ts';

interface Order {
  readonly name: string;
  readonly timeoutMs: number;
  /** The preset, with the configuration merged over it. */
  readonly written: Written;
  readonly preset: Preset | undefined;
  readonly given: TemplateSettings;
  readonly complain: Compiling['complain'];
}

/** A destination, and the settings of the sink itself. */
export interface Built extends Destination {
  /** States that are only sent as an update. */
  readonly updateStates: readonly NonNullable<Written['states']>[number][];
  readonly check: Url | undefined;
  readonly ratePerMinute: number | undefined;
}

/** Absent after a complaint. */
export function build({ name, timeoutMs, written, preset, given, complain }: Order): Built | undefined {
  const shape = shapeOf({
    settings: Object.keys({ ...preset?.settings, ...given.settings }),
    secrets: Object.keys({ ...preset?.secrets, ...given.secrets }),
  });
  const parts: Compiling = { given, shape, complain };
  const { method = 'POST', url = '{secrets.url}' } = written;
  const create = compileExchange({ ...written, method, url }, [], parts);
  const update = compileUpdate(written, preset, parts);
  const followUp = compileFollowUp(written, preset, parts);
  const proof = compileAuth(written.auth, given, { ...parts, path: ['auth'] });
  const check =
    written.check === undefined ? undefined : compileUrl(written.check, given, { ...parts, path: ['check'] });
  return (
    create && {
      name,
      given,
      proof,
      create,
      update,
      followUp,
      // A URL of the user's own may belong to another service.
      advice: url === preset?.request.url ? compileAdvice(preset.advice ?? [], { ...parts, path: ['preset'] }) : [],
      check,
      secrets: secretsOf(given, proof),
      states: written.states ?? ['succeeded'],
      updateStates: update ? (written.update?.states ?? []) : [],
      success: written.success ?? {},
      updateSuccess: written.update?.success ?? written.success ?? {},
      remoteId: written.remote_id,
      remoteUrl: written.remote_url,
      idempotent: written.idempotent ?? false,
      per: written.per,
      retry: written.retry,
      ratePerMinute: written.rate_per_minute,
      send: createSendJson({ timeoutMs, reach: reachOf(url, preset) }),
    }
  );
}

function compileUpdate(
  { update, remote_id }: Written,
  preset: Preset | undefined,
  parts: Compiling,
): Exchange | undefined {
  if (!update || isWithoutKey(preset, parts)) return undefined;
  if (!remote_id)
    parts.complain(
      ['update'],
      'an update needs the id that the destination gave: set remote_id to its path in the answer',
    );
  return compileExchange(update, ['update'], { ...parts, shape: withRemoteId(parts.shape) });
}

function compileFollowUp(
  { follow_up: written, idempotent }: Written,
  preset: Preset | undefined,
  parts: Compiling,
): FollowUp | undefined {
  if (!written || isWithoutKey(preset, parts)) return undefined;
  if (!idempotent)
    parts.complain(
      ['follow_up'],
      'the first request may be repeated with it: say idempotent: true where that is no harm',
    );
  const exchange = compileExchange(written, ['follow_up'], { ...parts, shape: withRemoteId(parts.shape) });
  return exchange && { ...exchange, when: written.when, ifKnown: [written.if_known].flat() };
}

/** The secret for updates is not set: the destination would refuse them. */
const isWithoutKey = (preset: Preset | undefined, { given }: Compiling): boolean =>
  preset?.updateNeeds !== undefined && given.secrets[preset.updateNeeds] === undefined;

/** The host of a preset is an external service: a name that resolves to a private address is refused. */
const reachOf = (url: string, preset: Preset | undefined): 'public' | 'private' =>
  url === preset?.request.url && /^https:\/\/[^{/]+\//.test(url) ? 'public' : 'private';

/** The longest first, since one may contain another. */
const secretsOf = ({ secrets }: TemplateSettings, proof: Proof | undefined): string[] =>
  [...new Set([...Object.values(secrets).flatMap(secretParts), ...(proof?.secrets ?? [])])].sort(
    (a, b) => b.length - a.length,
  );

/** The host of a secret URL is not what makes it one. */
function secretParts(secret: string): readonly string[] {
  if (!/^https?:\/\//.test(secret) || !URL.canParse(secret)) return [secret];
  const { origin, pathname } = new URL(secret);
  return pathname.length > 1 ? partsThatAreSecret(secret).filter((part) => !part.startsWith(origin)) : [secret];
}
