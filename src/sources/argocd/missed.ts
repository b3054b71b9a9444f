import { z } from 'zod';
import type { NewChangeRecord } from '../../domain/change-record.ts';
import { DeliveryFailed, ResolveFailed } from '../../domain/errors.ts';
import { toIso } from '../../values/time.ts';
import { type ApiClient, createApiClient } from '../api-client.ts';
import { pathSegment } from '../path-segment.ts';
import type { ApiCall } from '../source.ts';
import { applicationIn, toNotification } from './application.ts';
import { mapStep } from './contract.ts';
import { earlierBy } from './earlier.ts';
import { Text } from './schema.ts';
import type { Settings } from './settings.ts';

/** Argo CD's own API, with a token of an account that may get applications. */
export interface Api {
  readonly url: string;
  readonly token: string;
  readonly perHour: number;
}

const Listed = z.object({
  metadata: z.object({ name: z.string().min(1), namespace: Text }),
  status: z
    .object({
      operationState: z.object({ phase: Text, startedAt: Text, finishedAt: Text }).optional(),
      health: z.object({ lastTransitionTime: Text }).optional(),
    })
    .optional(),
});
type Listed = z.output<typeof Listed>;

const List = z.object({ items: z.array(z.unknown()).nullish() });

/**
 * What the list can be asked for (argo-cd: server/application/forwarder_overwrite.go). It gives no other fields, so
 * that uid and history need a request for each application; but only for those that were synced since.
 */
const FIELDS = [
  'items.metadata.name',
  'items.metadata.namespace',
  'items.status.operationState.phase',
  'items.status.operationState.startedAt',
  'items.status.operationState.finishedAt',
  'items.status.health',
];

const PAGE = 100; // recorded while the next applications are read

export function createMissed(api: Api, settings: Settings) {
  const ask = createApiClient({
    baseUrl: api.url,
    name: `Argo CD at ${new URL(api.url).host}`,
    headers: { authorization: `Bearer ${api.token}` },
    secret: api.token,
    perHour: api.perHour,
  });
  return async function* missed(
    since: Date,
    call: ApiCall & { warn(finding: string): void },
  ): AsyncIterable<readonly NewChangeRecord[]> {
    let page: NewChangeRecord[] = [];
    for (const listed of await listSince(ask, since, { api, ...call })) {
      const application = await askFor(ask, listed, call);
      if (application === undefined) continue;
      page.push(...recordsOf(application, { since, now: call.now, url: api.url, settings }));
      while (page.length >= PAGE) {
        yield page.slice(0, PAGE);
        page = page.slice(PAGE);
      }
    }
    if (page.length > 0) yield page;
  };
}

type Call = ApiCall & { warn(finding: string): void };

/** The applications whose last operation is not over, or ended since then, or whose health changed since then. */
async function listSince(ask: ApiClient, since: Date, { api, signal, warn }: Call & { api: Api }): Promise<Listed[]> {
  const json = await ask.get(`/api/v1/applications?fields=${FIELDS.join(',')}`, { signal });
  const list = List.safeParse(json);
  if (!list.success) {
    const message = `${api.url}/api/v1/applications gives no list: write the address of Argo CD itself as api.url`;
    throw new ResolveFailed(message, { retry: 'never' });
  }
  const items = (list.data.items ?? []).flatMap((item) => Listed.safeParse(item).data ?? []);
  if (items.length === 0)
    warn(`Argo CD at ${api.url} shows no application: its account needs the permission "applications, get"`);
  return items.filter(({ status }) => {
    const { startedAt, finishedAt } = status?.operationState ?? {};
    const ended = toIso(finishedAt);
    const changed = toIso(status?.health?.lastTransitionTime);
    const isSince = (moment: string | undefined) => moment === undefined || moment >= since.toISOString();
    return startedAt !== undefined && (isSince(ended) || (changed !== undefined && isSince(changed)));
  });
}

/** Argo CD answers 403 for what does not exist, and for what the account may not see. */
async function askFor(ask: ApiClient, { metadata }: Listed, { signal, warn }: Call): Promise<object | undefined> {
  const { name, namespace } = metadata;
  const query = namespace ? `?appNamespace=${encodeURIComponent(namespace)}` : '';
  try {
    const json = await ask.get(`/api/v1/applications/${pathSegment(name)}${query}`, { signal });
    return typeof json === 'object' && json !== null ? json : undefined; // deleted meanwhile
  } catch (error) {
    const status = error instanceof ResolveFailed && error.cause instanceof DeliveryFailed && error.cause.status;
    if (status !== 403) throw error;
    warn(`the application ${namespace ?? ''}/${name} is refused: its account needs the permission "applications, get"`);
    return undefined;
  }
}

interface ReconcileQuery {
  readonly since: Date;
  readonly now: Date;
  readonly url: string;
  readonly settings: Settings;
}

/** `since` takes the place of max_age_hours. A sync that began before it and ended after it counts. */
function recordsOf(application: object, { since, now, url, settings }: ReconcileQuery): readonly NewChangeRecord[] {
  const found = applicationIn({ app: application, context: { argocdUrl: url }, timestamp: now.toISOString() });
  if (!found) return [];
  const notification = toNotification(found, settings.applicationCommit.annotation);
  const { phase, started_at, finished_at } = notification.operation;
  const reported = {
    signal: 'argocd application',
    receivedAt: now,
    settings: { ...settings, maxAgeMs: Number.POSITIVE_INFINITY, degradedWithinMs: Number.POSITIVE_INFINITY },
  };
  const moments = [toIso(finished_at) ?? toIso(started_at), toIso(notification.health.since)];
  const isNew = moments.some((moment) => moment !== undefined && moment >= since.toISOString());
  const own = phase === 'Running' || isNew ? mapStep(notification, reported) : undefined;
  const earlier = earlierBy(notification, reported, since.getTime());
  // Ends by supersession before that are no news; an end that the health shows may be.
  const news = earlier.filter(({ history, endReason }) => !history?.late || endReason === undefined);
  return [...(own?.kind === 'records' ? own.records : []), ...news];
}
