import type { NewChangeRecord, Tier } from '../../domain/change-record.ts';
import { withoutEndNumber } from '../../values/text.ts';
import { annotation, isUnrendered } from './annotation.ts';
import type { Notification } from './schema.ts';
import type { Settings } from './settings.ts';
import { webUrl } from './text.ts';

/** A guess is noted on the record; the annotation and the labels are no guess. */
export interface Named {
  readonly name: string;
  readonly note?: string;
}

const LABELS = ['environment', 'env', 'stage'];

/** Only unambiguous names: `prod-eu` may be anything. */
const TIERS: Readonly<Record<string, Tier>> = {
  production: 'production',
  prod: 'production',
  prd: 'production',
  staging: 'staging',
  stage: 'staging',
  stg: 'staging',
  test: 'testing',
  testing: 'testing',
  tst: 'testing',
  qa: 'testing',
  dev: 'development',
  development: 'development',
};

/** Words that name an environment wherever they occur. A number may follow: `dev2`, `pr-12`. */
export const ENVIRONMENT_WORDS: readonly string[] = [
  ...Object.keys(TIERS),
  'uat',
  'preprod',
  'preview',
  'review',
  'pr',
  'sandbox',
  'integration',
  'int',
  'demo',
];

type Guessing = Pick<Settings, 'environmentWords'>;

export function environmentOf(
  notification: Notification,
  settings: Guessing,
  advice = 'set the annotation shiplog/environment',
): Named {
  const reported = annotation(notification, 'shiplog/environment');
  if (reported.note) return { name: 'unknown', note: reported.note };
  const label = LABELS.map((key) => notification.app.labels[key]).find((value) => value && !isUnrendered(value));
  const name = reported.value ?? label;
  return name ? { name } : guessed(notification, settings, advice);
}

/** The first name that contains a word for an environment; else the namespace, else the cluster. */
function guessed(notification: Notification, settings: Guessing, advice: string): Named {
  const inferred = (from: string) => `The environment is taken from ${from}; ${advice} to be sure.`;
  const { app } = notification;
  const cluster = clusterOf(notification);
  const namespace = namespaceOf(notification);
  const places: readonly (readonly [string | undefined, string])[] = [
    [app.name, 'the name of the application'],
    [namespace, 'the destination namespace'],
    [app.project, 'the AppProject'],
    [cluster, 'the name of the destination cluster'],
  ];
  const words = settings.environmentWords;
  for (const [text, from] of contradicted(app.name, namespace, words) ? places.slice(1) : places) {
    const word = environmentWordIn(text, words);
    if (word) return { name: word, note: inferred(`${from}, ${text}`) };
  }
  if (namespace && (namespace !== 'default' || !cluster))
    return { name: namespace, note: inferred('the destination namespace') };
  if (cluster) return { name: cluster, note: inferred('the destination cluster') };
  return { name: 'unknown', note: `Nothing names the environment; ${advice}.` };
}

/**
 * `review-service` in the namespace `shop-production` is in production: the word is the service's own. In `dev-shop` it
 * is not, unless the namespace ends in another one; and nothing is called `prod-shop` for another reason.
 */
function contradicted(name: string | undefined, namespace: string | undefined, words: ReadonlySet<string>): boolean {
  const word = withoutEndNumber(environmentWordIn(name, words) ?? '');
  const isProduction = word !== '' && withTier(word).tier === 'production';
  return !isProduction && !endsInWord(name, words) && endsInWord(namespace, words);
}

function endsInWord(text: string | undefined, words: ReadonlySet<string>): boolean {
  const word = environmentWordIn(text, words);
  const isLast = (parts: number) => partsOf(text).filter(Boolean).slice(-parts).join('-') === word;
  return word !== undefined && isLast(word.split('-').length);
}

const partsOf = (text = ''): string[] => text.toLowerCase().split(/[^\p{L}\p{N}]+/u);

/**
 * The last one counts: `test-lab-prod` is prod. `production` in `lighthouse-api-production`, `pr-12` in
 * `lighthouse-pr-12`.
 */
export function environmentWordIn(
  text: string | undefined,
  words: ReadonlySet<string> = DEFAULT_WORDS,
): string | undefined {
  const parts = partsOf(text);
  const at = parts.findLastIndex((part) => words.has(withoutEndNumber(part)));
  const word = parts[at];
  const number = parts[at + 1];
  return word && NUMBERED.has(word) && number && /^\d+$/.test(number) ? `${word}-${number}` : word;
}

const DEFAULT_WORDS: ReadonlySet<string> = new Set(ENVIRONMENT_WORDS);
/** Short-lived environments, one for each merge request. */
const NUMBERED: ReadonlySet<string> = new Set(['pr', 'mr', 'preview', 'review']);

/** An application of applications deploys into Argo CD's own namespace: that says nothing. */
function namespaceOf({ app, destination }: Notification): string | undefined {
  const { namespace } = destination;
  return namespace === undefined || namespace === app.namespace || /^argo-?cd/i.test(namespace) ? undefined : namespace;
}

function clusterOf({ destination: { name, server } }: Notification): string | undefined {
  if (name) return name === 'in-cluster' ? undefined : name;
  const host = webUrl(server)?.hostname;
  return host === undefined || /^kubernetes\.default(\.svc(\..+)?)?$/.test(host) ? undefined : host;
}

/** For rules: names of the target, whatever the environment is called. */
export function labelsOf(notification: Notification): Record<string, string> {
  const { app, destination } = notification;
  const cluster = destination.name ?? clusterOf(notification);
  return {
    ...(destination.namespace && { namespace: destination.namespace }),
    ...(cluster && { cluster }),
    ...(app.project && { argocd_project: app.project }),
  };
}

/**
 * The annotation, else the application without its environment at the end: `search-production` in production is
 * `search`.
 */
export function serviceOf(
  notification: Notification,
  environment: Named,
  { serviceWithoutEnvironment, environmentWords }: Pick<Settings, 'serviceWithoutEnvironment' | 'environmentWords'>,
): Named {
  const reported = annotation(notification, 'shiplog/service');
  const note = reported.note ? { note: reported.note } : {};
  if (reported.value) return { name: reported.value };
  const name = notification.app.name ?? 'unknown';
  if (!serviceWithoutEnvironment) return { name, ...note };
  return { name: withoutEnvironment(name, environment.name, environmentWords) ?? name, ...note };
}

function withoutEnvironment(name: string, environment: string, words: ReadonlySet<string>): string | undefined {
  const numbered = /^(.*[\p{L}\p{N}])[-_.]((?:pr|mr|preview|review)-\d+)$/iu.exec(name);
  const [, service, end = ''] = numbered ?? /^(.*[\p{L}\p{N}])[-_.]([\p{L}\p{N}]+)$/u.exec(name) ?? [];
  const [suffix, reported] = [end.toLowerCase(), environment.toLowerCase()];
  const isWord = environmentWordIn(suffix, words) === suffix;
  return isWord && (suffix === reported || isOneTier(suffix, reported)) ? service : undefined;
}

function isOneTier(a: string, b: string): boolean {
  const tier = Object.hasOwn(TIERS, a) ? TIERS[a] : undefined;
  return tier !== undefined && Object.hasOwn(TIERS, b) && TIERS[b] === tier;
}

export function withTier(name: string, url?: string): NewChangeRecord['environment'] {
  const key = name.toLowerCase();
  const tier = Object.hasOwn(TIERS, key) ? TIERS[key] : undefined;
  return { name, ...(tier && { tier }), ...(url && { url }) };
}
