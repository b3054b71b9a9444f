import { z } from 'zod';
import type { Deployment } from '../domain/deployment.ts';
import { laneOf, tierOf } from '../domain/lane.ts';
import {
  daysOf,
  finishedDeployments,
  lastDays,
  type Performance,
  performanceBy,
  performanceOf,
  type Span,
} from '../domain/performance.ts';
import type { Deployments } from '../store/deployments.ts';
import { span as duration } from './format.ts';
import { exactly, type Html, html, type Piece } from './html.ts';
import { heading, section } from './layout.ts';
import { bars } from './performance-bars.ts';

const RANGES = { '7d': 7, '30d': 30, '90d': 90 } as const;
type Range = keyof typeof RANGES;
/** Newest deployments that are looked at: about a second of work. */
const MOST = 20_000;
const PAGE = 1_000;
const ROWS = 50;
/** Choices of the environment that are no names. */
const PRODUCTION = '';
const ALL = '*';

const Text = z.string().trim().max(300).catch('');
const Query = z.object({
  environment: Text,
  service: Text,
  range: z.enum(['7d', '30d', '90d']).catch('30d'),
});
type Query = z.infer<typeof Query>;

/** How well do we deliver? The four measures, each with how it is computed and from how many deployments. */
export async function performancePage(
  deployments: Pick<Deployments, 'list'>,
  asked: unknown,
  now: Date,
): Promise<Html> {
  const query = Query.parse(asked);
  const span = lastDays(RANGES[query.range], now);
  const { found, total } = await read(deployments, span);
  const finished = finishedDeployments(found);
  const ofService = finished.filter((one) => query.service === '' || isNamed(one.service, query.service));
  const chosen = ofService.filter((one) => isChosen(one, query.environment));
  const byEnvironment = performanceBy(ofService, ({ environment }) => laneOf(environment), span);
  const byService = performanceBy(chosen, ({ service }) => service, span);
  return html`${heading('Delivery performance', html`<span>${count(chosen.length, 'finished deployment')}</span>`)}
${filters(query, finished)}
${chosen.length === 0 && html`<p class="empty">No deployment to ${placeOf(query.environment)} has finished in this time. <a href="${addressOf({ environment: ALL, service: '', range: '90d' })}">Show all environments, 90 days</a></p>`}
${total > found.length && html`<p class="notes">There are ${total.toLocaleString('en')} changes in this time; only the newest ${found.length.toLocaleString('en')} are looked at.</p>`}
${chosen.length > 0 && html`<div class="measures">${cards(performanceOf(chosen, span))}</div>`}
${chosen.length > 0 && section('Deployments per day', bars(daysOf(chosen, span)))}
${
  byEnvironment.length > 0 &&
  section(
    query.service === '' ? 'By environment' : `By environment, ${query.service} alone`,
    table('Environment', byEnvironment, (name) => addressOf({ ...query, environment: name })),
  )
}
${
  byService.length > 0 &&
  section(
    `By service, ${placeOf(query.environment)}`,
    table('Service', byService, (name) => addressOf({ ...query, service: name })),
  )
}
${section('What is counted', counted(query, chosen[0]))}`;
}

const isNamed = (name: string, wanted: string) => name.toLowerCase() === wanted.toLowerCase();

function isChosen({ environment }: Deployment, wanted: string): boolean {
  if (wanted === PRODUCTION) return tierOf(environment) === 'production';
  return wanted === ALL || isNamed(environment.name, wanted) || isNamed(laneOf(environment), wanted);
}

const placeOf = (environment: string) =>
  environment === PRODUCTION ? 'production' : environment === ALL ? 'all environments' : environment;

/** By key: while we read on, a new deployment moves the others one place down. */
async function read(
  deployments: Pick<Deployments, 'list'>,
  { from, to }: Span,
): Promise<{ found: Deployment[]; total: number }> {
  const found = new Map<string, Deployment>();
  for (let offset = 0; ; offset += PAGE) {
    const page = await deployments.list({
      facets: {},
      sinceMs: from.getTime(),
      untilMs: to.getTime(),
      limit: PAGE,
      offset,
    });
    for (const deployment of page.deployments) found.set(deployment.key, deployment);
    if (offset + PAGE >= Math.min(page.total, MOST)) return { found: [...found.values()], total: page.total };
  }
}

function addressOf({ environment, service, range }: Query): string {
  const search = new URLSearchParams({
    ...(environment !== PRODUCTION && { environment }),
    ...(service !== '' && { service }),
    ...(range !== '30d' && { range }),
  });
  return search.size > 0 ? `/performance?${search}` : '/performance';
}

function filters(query: Query, finished: readonly Deployment[]): Html {
  const environments = [...new Set(finished.map(({ environment }) => laneOf(environment)))].sort();
  const services = [...new Set(finished.map(({ service }) => service))].sort();
  const choices: [string, string][] = [
    [PRODUCTION, 'production'],
    [ALL, 'all'],
    ...environments.map((name): [string, string] => [name, name]),
  ];
  const known = choices.some(([value]) => value === query.environment);
  const options = known ? choices : [...choices, [query.environment, query.environment] as const];
  return html`<form class="filters" method="get" action="/performance">
<label>environment <select name="environment">${options.map(([value, name]) => html`<option value="${exactly(value)}"${value === query.environment && html` selected`}>${name}</option>`)}</select></label>
<label>service
<input name="service" value="${exactly(query.service)}" list="known-service" placeholder="any" autocomplete="off" spellcheck="false"></label>
<datalist id="known-service">${services.map((value) => html`<option value="${exactly(value)}">`)}</datalist>
<input type="hidden" name="range" value="${query.range}">
<span class="buttons"><button>Show</button></span>
<nav class="ranges" aria-label="Time range">${(Object.keys(RANGES) as Range[]).map((range) => html`<a href="${addressOf({ ...query, range })}"${range === query.range && html` aria-current="true"`}>${range.replace('d', ' d')}</a>`)}</nav>
</form>`; // the keys of the literal above
}

function counted(query: Query, oldest: Deployment | undefined): Html {
  return html`<p class="mute prose">${query.environment === PRODUCTION && 'Production is every environment whose tier is production or, where no tool says a tier, whose name says so. '}Counted are deployments, roll-backs, infrastructure and database changes that succeeded or failed; canceled ones and changes of configuration, flags or scale are not. Days are UTC days.${oldest && ` The oldest counted here is of ${oldest.occurredAt.slice(0, 10)}.`}</p>`;
}

function cards({ frequency, leadTime, changeFailure, restore, finished }: Performance): Html[] {
  const { medianMs, slowTenthMs, known, of } = leadTime;
  return [
    card('Deployments per day', perDay(frequency.perDay), [
      `${frequency.succeeded} of ${count(finished, 'finished deployment')} succeeded.`,
      'Successes, roll-backs included, divided by the days of the range.',
    ]),
    card('Lead time for changes', timeOf(medianMs), [
      known === of
        ? `${count(of, 'deployment')} of a new commit.`
        : `${known} of ${count(of, 'deployment')} of a new commit ${known === 1 ? 'says' : 'say'} when the commit was made.`,
      slowTenthMs !== undefined && `The slowest tenth took longer than ${duration(slowTenthMs)}.`,
      'The median from the time of the commit to its first success in the environment.',
    ]),
    card('Change failure rate', percent(changeFailure.rate), [
      `${changeFailure.failed} failed and ${changeFailure.rolledBack} were rolled back, of ${count(changeFailure.of, 'change')}.`,
      'A roll-back itself is no change.',
    ]),
    card('Time to restore', timeOf(restore.medianMs), [
      `${count(restore.restored, 'failure')} followed by a success${restore.open > 0 ? `; ${restore.open} not yet` : ''}.`,
      'The median from the first failed deployment of a service in an environment to its next success there. A failed deployment is not always an outage, and an outage without one is not seen.',
    ]),
  ];
}

const card = (title: string, figure: string, lines: readonly (string | false)[]): Html =>
  html`<div class="card"><h2>${title}</h2><p class="figure">${figure}</p>${lines.map((line) => line && html`<p class="mute">${line}</p>`)}</div>`;

const UNKNOWN = '–';
const timeOf = (ms: number | undefined) => (ms === undefined ? UNKNOWN : duration(ms));
const percent = (rate: number | undefined) =>
  rate === undefined ? UNKNOWN : `${(rate * 100).toFixed(rate > 0 && rate < 0.1 ? 1 : 0)} %`;
const perDay = (rate: number) => (rate >= 10 ? rate.toFixed(0) : rate.toFixed(rate >= 1 ? 1 : 2));
const count = (number: number, noun: string) => `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;

/** With what it is computed from. */
const figure = (value: string, base: string): Html => html`<span>${value} <span class="mute">${base}</span></span>`;

function table(
  title: string,
  rows: readonly { readonly name: string; readonly performance: Performance }[],
  address: (name: string) => string,
): Html {
  const row = ({ name, performance }: (typeof rows)[number]) => {
    const { finished, frequency, leadTime, changeFailure, restore } = performance;
    const failures = restore.restored + restore.open;
    const cells: readonly [string, Piece][] = [
      ['Finished', finished.toLocaleString('en')],
      ['A day', perDay(frequency.perDay)],
      ['Lead time', figure(timeOf(leadTime.medianMs), `${leadTime.known} of ${leadTime.of}`)],
      [
        'Failure rate',
        figure(
          percent(changeFailure.rate),
          `${changeFailure.failed + changeFailure.rolledBack} of ${changeFailure.of}`,
        ),
      ],
      [
        'To restore',
        figure(timeOf(restore.medianMs), failures === 0 ? 'no failure' : `${restore.restored} of ${failures}`),
      ],
    ];
    return html`<tr><td><a href="${address(name)}"><bdi>${name}</bdi></a></td>${cells.map(([label, cell]) => html`<td class="number" data-label="${label}">${cell}</td>`)}</tr>`;
  };
  return html`<table class="stack"><thead><tr><th>${title}</th><th class="number">Finished</th><th class="number">A day</th><th class="number">Lead time</th><th class="number">Failure rate</th><th class="number">To restore</th></tr></thead>
<tbody>${rows.slice(0, ROWS).map(row)}</tbody></table>
${rows.length > ROWS && html`<p class="mute">The ${ROWS} with most deployments, of ${rows.length}.</p>`}`;
}
