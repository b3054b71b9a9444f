import type { NewChangeRecord, Tier } from '../../domain/change-record.ts';
import type { Notification } from './schema.ts';

/** A guess that is shown is a note; the annotation and the labels are no guess. */
export interface Named {
  readonly name: string;
  readonly note?: string;
}

const LABELS = ['environment', 'env', 'stage'];

/** Only names that leave no doubt: `prod-eu` may be anything. */
const TIERS: Readonly<Record<string, Tier>> = {
  production: 'production',
  prod: 'production',
  staging: 'staging',
  stage: 'staging',
  test: 'testing',
  testing: 'testing',
  qa: 'testing',
  dev: 'development',
  development: 'development',
};

const SUFFIX =
  /[-_.](production|prod|prd|staging|stage|stg|testing|test|tst|qa|uat|preprod|preview|sandbox|integration|int|development|dev|demo)$/i;

export function environmentOf(
  { app, destination }: Notification,
  advice = 'set the annotation shiplog/environment',
): Named {
  const inferred = (from: string) => `The environment is ${from}; ${advice} to be sure.`;
  const told = app.annotations['shiplog/environment'] ?? LABELS.map((key) => app.labels[key]).find(Boolean);
  if (told) return { name: told };
  if (destination.name && destination.name !== 'in-cluster') {
    return { name: destination.name, note: inferred('the name of the destination cluster') };
  }
  if (destination.namespace) return { name: destination.namespace, note: inferred('the destination namespace') };
  const suffix = SUFFIX.exec(app.name ?? '')?.[1]?.toLowerCase();
  if (suffix) return { name: suffix, note: inferred('the end of the application name') };
  return { name: 'unknown', note: `Nothing names the environment; ${advice}.` };
}

/** `production` in `production` and in `lighthouse-api-production`; nothing in `lighthouse-api`. */
export const environmentWordIn = (text = ''): string | undefined => SUFFIX.exec(`-${text}`)?.[1]?.toLowerCase();

export function withTier(name: string, url?: string): NewChangeRecord['environment'] {
  const key = name.toLowerCase();
  const tier = Object.hasOwn(TIERS, key) ? TIERS[key] : undefined;
  return { name, ...(tier && { tier }), ...(url && { url }) };
}
