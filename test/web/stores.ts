import { type Alert, selectAlerts } from '../../src/domain/alert.ts';
import type { ChangeRecord, NewChangeRecord } from '../../src/domain/change-record.ts';
import { ChangeRecord as ChangeRecordSchema } from '../../src/domain/change-record.ts';
import { fold } from '../../src/domain/fold.ts';
import { type Rule, route } from '../../src/domain/rules/routing.ts';
import { lineageOf } from '../../src/domain/succession.ts';
import { timelineEntryOf } from '../../src/domain/timeline-entry.ts';
import type { DeploymentView } from '../../src/domain/view.ts';
import type { Sink } from '../../src/sinks/sink.ts';
import { AnySource } from '../../src/sources/index.ts';
import type { Source } from '../../src/sources/source.ts';
import type { Alerts } from '../../src/store/alerts/alerts.ts';
import type { Deployments } from '../../src/store/changes/deployments.ts';
import type { ChangeSelection } from '../../src/store/changes/search/filter.ts';
import { createFit } from '../../src/store/changes/search/fit.ts';
import type { Delivery, Ledger } from '../../src/store/deliveries/ledger.ts';
import type { InboxEntry } from '../../src/store/inbox/entry.ts';
import type { Inbox } from '../../src/store/inbox/inbox.ts';
import { searchInbox } from '../../src/store/inbox/search.ts';
import { lazyEntryOf } from '../support/lazy-entry.ts';

const unused = (): never => {
  throw new Error('the pages only read');
};

/** One step of a deployment; everything that the test does not care about is filled in. */
export function step(over: Partial<NewChangeRecord> = {}): ChangeRecord {
  const deployment = over.deployment ?? 'gitlab:gitlab.harbor.example:4711:job:2';
  const state = over.state ?? 'succeeded';
  const occurredAt = over.occurredAt ?? '2026-05-04T10:00:22.000Z';
  return ChangeRecordSchema.parse({
    id: `chg_${deployment}_${state}`,
    deployment,
    source: 'gitlab',
    instance: 'gitlab',
    signal: 'deployment hook',
    authoritative: true,
    state,
    environment: { name: 'production' },
    service: 'lighthouse-api',
    occurredAt,
    receivedAt: occurredAt,
    ...over,
  });
}

export function memoryDeployments(records: readonly ChangeRecord[], rules: readonly Rule[] = []): Deployments {
  const of = (key: string) => records.filter((record) => record.deployment === key);
  const view = (key: string): DeploymentView | undefined =>
    of(key).length > 0 ? { ...route(fold(key, of(key)), rules), lineage: '', heardAt: '' } : undefined;
  const all = [...new Set(records.map((record) => record.deployment))].flatMap((key) => view(key)?.deployment ?? []);
  const fitting = ({ sinceMs = 0, untilMs = Number.POSITIVE_INFINITY, ...selection }: ChangeSelection) =>
    all
      .filter(createFit(selection))
      .filter(({ occurredAt }) => Date.parse(occurredAt) >= sinceMs && Date.parse(occurredAt) <= untilMs)
      .sort((a, b) => b.occurredAt.localeCompare(a.occurredAt));
  return {
    append: unused,
    store: unused,
    take: unused,
    stored: unused,
    before: unused,
    prune: unused,
    get: async (name) => view(name),
    records: async (name) => of(name),
    version: async () => '1',
    changed: async () => [],
    resolve: async (selection) => ({ selection, unknown: [] }),
    names: async () => ({ environment: new Map(), service: new Map(), person: new Map() }),
    many: async (names) => names.flatMap((name) => view(name)?.deployment ?? []),
    async beside({ deployment }) {
      const place = all
        .filter((one) => lineageOf(one) === lineageOf(deployment))
        .sort((a, b) => a.occurredAt.localeCompare(b.occurredAt))
        .map(timelineEntryOf);
      const at = place.findIndex(({ key }) => key === deployment.key);
      const [previous, next] = [place[at - 1], place[at + 1]];
      return { ...(previous && { previous }), ...(next && { next }) };
    },
    timeline: async (filter) => fitting(filter).map((one) => lazyEntryOf(timelineEntryOf(one))),
    async *scan(filter) {
      const fits = fitting(filter);
      for (let at = 0; at < fits.length; at += 500) yield fits.slice(at, at + 500);
    },
    async list({ limit, offset, ...filter }) {
      const fits = fitting(filter);
      return { deployments: fits.slice(offset, offset + limit), total: fits.length };
    },
  };
}

export function webhook(over: Partial<InboxEntry> & { body?: string } = {}): InboxEntry & { body?: string } {
  return {
    id: '7b0d7a0e-0000-4000-8000-000000000001',
    receivedAt: '2026-05-04T10:00:22.000Z',
    source: 'gitlab',
    method: 'POST',
    path: '/webhooks/gitlab',
    headers: { 'x-gitlab-event': 'Deployment Hook' },
    verdict: 'recorded',
    deployments: [],
    bytes: 120,
    ...over,
  };
}

export function memoryInbox(entries: readonly (InboxEntry & { body?: string })[] = []): Inbox {
  return {
    add: unused,
    addRefusal: unused,
    conclude: unused,
    prune: unused,
    hours: async () => new Map(),
    get: async (id) => entries.find((entry) => entry.id === id),
    entries: async (ids) => ids.map((id) => entries.find((entry) => entry.id === id)),
    search: (wanted, page) =>
      searchInbox(wanted, page, {
        list: async (offset, limit) => ({ entries: entries.slice(offset, offset + limit), total: entries.length }),
        body: async (id) => entries.find((entry) => entry.id === id)?.body,
      }),
    list: async ({ limit, offset }) => ({ entries: entries.slice(offset, offset + limit), total: entries.length }),
  };
}

export const anAlertOf = (service: string, over: Partial<Alert> = {}): Alert => ({
  id: `alt_${service}`,
  instance: 'alerts',
  tool: 'alertmanager',
  state: 'firing',
  title: 'LampDark',
  services: [{ label: 'service', name: service }],
  environment: 'production',
  startedAt: '2026-05-04T10:00:22.000Z',
  receivedAt: '2026-05-04T10:00:22.000Z',
  lastReportedAt: '2026-05-04T10:00:22.000Z',
  labels: {},
  ...over,
});

/** Of these, as the store keeps them. */
export const memoryAlerts = (alerts: readonly Alert[] = []): Alerts => ({
  put: unused,
  prune: unused,
  claimNote: unused,
  releaseNote: unused,
  get: async (id) => alerts.find((alert) => alert.id === id),
  list: async ({ sinceMs = 0, untilMs = Number.POSITIVE_INFINITY, ...selection }) =>
    selectAlerts(alerts, selection)
      .filter(({ startedAt }) => Date.parse(startedAt) >= sinceMs && Date.parse(startedAt) <= untilMs)
      .sort((a, b) => b.startedAt.localeCompare(a.startedAt)),
});

export const memoryLedger = (deliveries: readonly Delivery[] = []): Ledger => ({
  exclusive: unused,
  find: unused,
  read: async (name) => deliveries.find(({ sink }) => sink === name),
});

/** A source as it is configured, with a secret by its name. */
export const source = (type: string, name = type): Source =>
  AnySource.parse({ type, name, secrets: [`secret-of-${name}-0123456789`] });

export const sink = (name: string, wants: Sink['wants'] = () => ({ wanted: true })): Sink => ({
  type: name,
  productName: name,
  name,
  secrets: [],
  concurrency: 1,
  ratePerMinute: undefined,
  takenBy: 'status',
  wants,
  deliver: unused,
  preview: ({ service }) => ({
    ...{ method: 'POST', url: `https://${name}.harbor.example/changes` },
    ...{ headers: { authorization: 'Bearer [secret]' }, body: { service } },
  }),
  check: unused,
});
