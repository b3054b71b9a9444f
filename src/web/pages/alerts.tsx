import { z } from 'zod';
import { ALERT_STATES, type Alert, serviceOf } from '../../domain/alert.ts';
import { type Alerts, MAX_LOOKED_AT } from '../../store/alerts/alerts.ts';
import { alertPath } from '../../values/own-page.ts';
import { plural } from '../../values/plural.ts';
import { TypedText } from '../../values/text.ts';
import { HOUR_MS } from '../../values/units.ts';
import type { Html } from '../html.ts';
import { AlertBadge } from '../parts/alert-labels.tsx';
import { filterAddress, isFiltered } from '../parts/filter-address.ts';
import { ChoiceField, FilterForm, SearchField } from '../parts/filter-form.tsx';
import { Heading, Pager } from '../parts/layout.tsx';
import { span, When } from '../parts/time.tsx';

const PAGE_SIZE = 50;

const Text = TypedText.min(1).optional().catch(undefined);
const Query = z.object({
  status: z.enum(ALERT_STATES).optional().catch(undefined),
  service: Text,
  environment: Text,
  page: z.coerce.number().int().min(1).max(100_000).catch(1),
});
type Query = z.infer<typeof Query>;

/** The reported alerts, the newest first. */
export async function alertsPage({ alerts }: { readonly alerts: Alerts }, asked: unknown, now: Date): Promise<Html> {
  const query = Query.parse(asked);
  const { status: state, service, environment, page } = query;
  const found = await alerts.list({
    state,
    services: service === undefined ? undefined : [service],
    environments: environment === undefined ? undefined : [environment],
    isTyped: true,
  });
  const shown = found.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE);
  return (
    <>
      <Heading aside={<span>{plural(found.length, 'alert')}</span>}>Alerts</Heading>
      <Filters query={query} />
      {shown.length === 0 ? <Nothing isFiltered={isFiltered(query)} /> : <List alerts={shown} now={now} />}
      {found.length === MAX_LOOKED_AT && (
        <p class="mute">The newest {MAX_LOOKED_AT.toLocaleString('en')} were looked through.</p>
      )}
      <Pager
        current={page}
        pages={Math.ceil(found.length / PAGE_SIZE)}
        address={(to) => addressOf({ ...query, page: to })}
      />
    </>
  );
}

const addressOf = (query: Query): string => filterAddress('/alerts', query);

const Filters = ({ query }: { query: Query }): Html => (
  <FilterForm action="/alerts" submit="Show" isFiltered={isFiltered(query)}>
    <SearchField name="service" value={query.service} placeholder="any, or a part" />
    <SearchField name="environment" value={query.environment} placeholder="any, or a part" />
    <ChoiceField name="status" of={ALERT_STATES.map((value) => ({ value }))} chosen={query.status} />
  </FilterForm>
);

const List = ({ alerts, now }: { alerts: readonly Alert[]; now: Date }): Html => (
  <table class="stack alerts">
    <thead>
      <tr>
        {['Alert', 'Service', 'Environment', 'Severity', 'Began', 'Lasted'].map((name) => (
          <th scope="col">{name}</th>
        ))}
      </tr>
    </thead>
    <tbody>
      {alerts.map((alert) => (
        <Row alert={alert} now={now} />
      ))}
    </tbody>
  </table>
);

const Row = ({ alert, now }: { alert: Alert; now: Date }): Html => (
  <tr class={alert.state === 'firing' ? 'failed' : undefined}>
    <td>
      <a href={alertPath(alert.id)}>
        <bdi>{alert.title}</bdi>
      </a>{' '}
      <AlertBadge state={alert.state} />
      {isForgotten(alert, now) && (
        <div class="mute">
          nothing of it was reported since <When at={alert.lastReportedAt} now={now} />
        </div>
      )}
    </td>
    <td data-label="Service">
      <bdi>{serviceOf(alert) ?? 'none named'}</bdi>
    </td>
    <td data-label="Environment">
      <bdi>{alert.environment ?? 'none named'}</bdi>
    </td>
    <td data-label="Severity">{alert.severity !== undefined && <bdi>{alert.severity}</bdi>}</td>
    <td data-label="Began">
      <When at={alert.startedAt} now={now} />
    </td>
    <td data-label="Lasted">{alert.endedAt === undefined ? 'goes on' : lasted(alert)}</td>
  </tr>
);

/** Tools repeat alerts that are still firing, most of them every four hours. */
const FORGOTTEN_MS = 24 * HOUR_MS;

const isForgotten = ({ state, lastReportedAt }: Alert, now: Date): boolean =>
  state === 'firing' && now.getTime() - Date.parse(lastReportedAt) > FORGOTTEN_MS;

const lasted = ({ startedAt, endedAt = startedAt }: Alert): string =>
  span(Math.max(0, Date.parse(endedAt) - Date.parse(startedAt)));

const Nothing = ({ isFiltered }: { isFiltered: boolean }): Html =>
  isFiltered ? (
    <p class="empty">
      No alert matches this filter. <a href="/alerts">Clear the filter</a>
    </p>
  ) : (
    <p class="empty">
      No alert was reported yet. <a href="/setup">Set a source of alerts up</a>
    </p>
  );
