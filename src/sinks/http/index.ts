import { z } from 'zod';
import type { Deployment } from '../../domain/deployment.ts';
import { DeliveryFailed } from '../../domain/errors.ts';
import { Match, mismatchOf } from '../../domain/rules/match.ts';
import { failure, isSuccess, withoutSecret } from '../../outbound/http.ts';
import type { TemplateContext } from '../../templates/template-context.ts';
import { Credential, Name } from '../../values/settings.ts';
import { normalized } from '../normalized.ts';
import { alertOf } from '../one-alert.ts';
import { Concurrency, TimeoutSeconds } from '../options.ts';
import type { Sink } from '../sink.ts';
import { type Built, build } from './build.ts';
import { deliver } from './deliver.ts';
import { mergeWritten } from './merge.ts';
import { type Requirement, whyNotApplicable } from './needs.ts';
import type { Preset } from './preset.ts';
import { isPresetName, PRESETS, presetNames } from './presets/index.ts';
import { preview, requestOf } from './request.ts';
import type { TemplateSettings } from './scope.ts';
import { named, Written } from './written.ts';

const KEY = /^[a-z][a-z0-9_]*$/;
const KEY_ADVICE = 'use lower-case letters, digits and "_", beginning with a letter';

const Config = Written.extend({
  type: z.literal('http'),
  name: Name.optional(),
  preset: z.enum(presetNames, `write one of ${presetNames.join(', ')}`).optional(),
  settings: named(z.union([z.string(), z.number(), z.boolean()]), KEY, KEY_ADVICE).default({}),
  secrets: named(Credential('secret'), KEY, KEY_ADVICE).default({}),
  /** Only what matches, as in rules. */
  when: Match.optional(),
  concurrency: Concurrency(5),
  timeout_seconds: TimeoutSeconds(),
});
type Config = z.infer<typeof Config>;

/**
 * Any destination that accepts JSON over HTTP. Without a URL, or without the secrets of its preset, the sink is off.
 */
export const http = Config.transform((config, context): Sink | undefined => {
  const preset = presetOf(config);
  if (isOff(config, preset)) return undefined;
  const before = context.issues.length;
  const complain: TemplateContext['complain'] = (path, message) => {
    context.issues.push({ code: 'custom', path: [...path], message, input: undefined });
  };
  if (preset) checkSettings(config, preset, complain);
  if (context.issues.length > before) return z.NEVER;
  const built = build({
    name: config.name ?? config.preset ?? 'http',
    timeoutMs: config.timeout_seconds * 1000,
    written: mergeWritten(preset?.request ?? {}, writtenOf(config)),
    preset,
    given: givenOf(config, preset),
    complain,
  });
  return context.issues.length > before || !built ? z.NEVER : asSink(built, config, needsOf(config, preset));
});

const presetOf = ({ preset }: Config): Preset | undefined =>
  preset !== undefined && isPresetName(preset) ? PRESETS[preset] : undefined;

function isOff({ url, secrets }: Config, preset: Preset | undefined): boolean {
  if (!preset) return url === undefined && secrets['url'] === undefined;
  // A URL in the wrong place is an error (below): a destination that somebody has written must not be off silently.
  if (isUrlMisplaced({ url, secrets }, preset)) return false;
  const needed = Object.entries(preset.secrets).filter(([, { optional }]) => !optional);
  return needed.every(([name]) => secrets[name] === undefined);
}

const isUrlMisplaced = ({ url, secrets }: Pick<Config, 'url' | 'secrets'>, preset: Preset): boolean =>
  url !== undefined && Object.hasOwn(preset.secrets, 'url') && secrets['url'] === undefined;

function checkSettings(config: Config, preset: Preset, complain: TemplateContext['complain']): void {
  if (isUrlMisplaced(config, preset)) {
    complain(['url'], `${config.preset} takes its URL as a secret: write secrets: { url: … } instead`);
    return;
  }
  const isOverlaid = [config.url, config.headers, config.body, config.update].some((own) => own !== undefined);
  for (const list of ['settings', 'secrets'] as const) {
    const takes: Preset['settings'] = preset[list];
    for (const name of Object.keys(config[list]))
      if (!isOverlaid && !Object.hasOwn(takes, name))
        complain(
          [list, name],
          `${config.preset} takes none of this name, but ${Object.keys(takes).join(', ') || 'none'}`,
        );
    for (const [name, { what, default: fallback, optional }] of Object.entries(takes))
      if (!optional && fallback === undefined && config[list][name] === undefined)
        complain([list, name], `${config.preset} needs it: ${what}`);
  }
}

function givenOf({ settings, secrets }: Config, preset: Preset | undefined): TemplateSettings {
  const defaults = Object.entries(preset?.settings ?? {}).flatMap(([name, { default: value }]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return { settings: { ...Object.fromEntries(defaults), ...settings }, secrets };
}

function writtenOf(config: Config): Written {
  const { type, name, preset, settings, secrets, when, concurrency, timeout_seconds, ...written } = config;
  return written;
}

const needsOf = ({ url, body }: Config, preset: Preset | undefined): readonly Requirement[] =>
  url === undefined && body === undefined ? (preset?.needs ?? []) : [];

function asSink(built: Built, { when, concurrency }: Config, needs: readonly Requirement[]): Sink {
  return {
    type: 'http',
    productName: built.name,
    name: built.name,
    secrets: built.secrets,
    concurrency,
    ratePerMinute: built.ratePerMinute,
    takenBy: built.success.body ? 'body' : 'status',
    ...(built.per && { lane: (deployment) => alertOf(normalized(deployment)) }),
    wants(deployment) {
      const why = whyNot(deployment, built, when) ?? whyNotApplicable(built.name, needs, deployment);
      return why === undefined ? { wanted: true } : { wanted: false, why };
    },
    deliver: (deployment, ledger, context) => deliver(built, { deployment, ledger, ...context }),
    preview(deployment, { pageUrl } = {}) {
      if (!built.states.includes(deployment.state)) throw new DeliveryFailed(onlyUpdates(built), { retry: 'never' });
      const now = new Date(deployment.receivedAt);
      return preview(requestOf(built.create, built, { deployment, now, pageUrl }), built.secrets);
    },
    check: (signal) => check(built, signal),
  };
}

const onlyUpdates = ({ name, states }: Built) =>
  `${name} accepts this state only after one of: ${states.join(', ')}, as an update of what it made then`;

function whyNot(deployment: Deployment, built: Built, when: Match | undefined): string | undefined {
  const states = [...new Set([...built.states, ...built.updateStates])];
  if (!states.includes(deployment.state))
    return `${built.name} only accepts: ${states.join(', ')}; this one is ${deployment.state}`;
  const mismatch = when && mismatchOf(when, deployment);
  return mismatch && `not sent to ${built.name}: ${mismatch}`;
}

/** Most destinations have no request that changes nothing. */
async function check(
  { name, create, check: asked, proof, given, secrets, send }: Built,
  signal: AbortSignal,
): Promise<string> {
  const { host } = new URL(create.url.origin);
  if (!asked) return `${name} at ${host} was not checked: every request to it would change something`;
  const url = asked.of({ ...given });
  const answer = secrets.reduce(
    (shown, secret) => withoutSecret(shown, secret),
    await send({ method: 'GET', url, headers: { ...proof?.headers }, signal }),
  );
  if (!isSuccess(answer)) throw failure(answer, `${name} at ${host} did not answer as it should`);
  return `${name} at ${host} answers and takes what it was given`;
}
