import { z } from 'zod';
import type { State } from '../../domain/change-record.ts';
import { readText, textUnless } from '../../values/text.ts';

const Text = textUnless(() => false);
const Required = z.string().min(1).transform(readText);

const Person = z.object({ email: Text }).nullish().catch(undefined);

/** devcenter.heroku.com/articles/app-webhooks: every notification is this, whatever it reports. */
export const Notification = z.object({
  resource: Text,
  action: Text,
  created_at: Text,
  actor: Person,
  data: z.unknown(),
  webhook_metadata: z
    .object({ event: z.object({ include: Text }).nullish().catch(undefined) })
    .nullish()
    .catch(undefined),
});
export type Notification = z.infer<typeof Notification>;

/**
 * A release: code, configuration or add-ons of an app in a new version. `app.process_tier` is a price list, not an
 * environment: it says "production" of a test app on paid dynos.
 */
export const Release = z.object({
  id: Required,
  app: z.object({ id: Required, name: Required }),
  version: z.number().int().nullish().catch(undefined),
  status: Text,
  description: Text,
  created_at: Text,
  updated_at: Text,
  slug: z.object({ commit: Text, commit_description: Text }).nullish().catch(undefined),
  user: Person,
});
export type Release = z.infer<typeof Release>;

/** A build that succeeds is reported as its release. One that fails has none, and its commit is in its source alone. */
export const Build = Release.extend({
  source_blob: z.object({ version: Text, version_description: Text }).nullish().catch(undefined),
}).transform(({ source_blob, ...build }): Release => {
  const source = { commit: source_blob?.version, commit_description: source_blob?.version_description };
  return { ...build, slug: build.slug ?? source };
});

/** Pending: the release phase (migrations and such) is under way. */
const STATES: Readonly<Record<string, State>> = { pending: 'running', succeeded: 'succeeded', failed: 'failed' };

/** Undefined for an unknown word. */
export const stateOf = (status: string): State | undefined =>
  Object.hasOwn(STATES, status) ? STATES[status] : undefined;
