import { z } from 'zod';
import { ALERT_STATES, type Alert } from '../domain/alert.ts';
import type { Deployment } from '../domain/deployment.ts';
import { toAlert, toAlertDetail } from '../http/alerts.ts';
import { toChange } from '../http/change.ts';
import { describeDeployment } from '../http/deployment-detail.ts';
import { readRunning } from '../http/running.ts';
import { toChangeFilter } from '../store/changes/search/filter.ts';
import { namedIn } from '../values/own-page.ts';
import { TypedText } from '../values/text.ts';
import { MomentText, parseMoment } from '../values/time.ts';
import { HOUR_MS } from '../values/units.ts';
import { refuseUnknown, type Tool, type ToolParts, tool, Unanswerable } from './tool.ts';

/** An assistant reads all of it, and pays for each word. */
const MAX_LISTED = 50;
/** As long as changes are kept by default. */
const MAX_HOURS = 24 * 400;
const USUAL_HOURS = 24; // as the page of changes

const Name = (what: string) => TypedText.min(1).optional().describe(what);
const Limit = z.number().int().min(1).max(MAX_LISTED).default(20).describe(`at most ${MAX_LISTED}`);
const SERVICE = Name('name of a service, or a part of it');
const ENVIRONMENT = Name('name of an environment, or a part of it, such as production');
const OWNER = Name('team that owns the services');
const KEY = TypedText.min(1).describe(
  'key of a deployment, as in the field `deployment` of other answers, or the URL of its page',
);
const keyIn = (text: string): string => namedIn(text)?.name ?? text;
const ALERT_ID = /^alt_[0-9a-f]{32}$/;

/** The text was checked for its layout. */
const momentOf = (text: string | undefined, now: Date): Date =>
  (text === undefined ? undefined : parseMoment(text, now)) ?? now;

const whatChanged = tool({
  name: 'what_changed',
  title: 'What changed',
  description:
    'Changes (deployments, roll-backs, migrations, configuration …) before a moment, the newest first: where, when, ' +
    'by whom, which commit, how they ended.',
  input: z.strictObject({
    before: MomentText.optional().describe(
      'ISO 8601 time, or a span before now such as 90m, 12h, 2d, 03:00 (UTC), yesterday; default: now',
    ),
    hours: z
      .number()
      .positive()
      .max(MAX_HOURS)
      .optional()
      .describe(`how far back from there; default: ${USUAL_HOURS}, and any time for the URL or key of a deployment`),
    environment: ENVIRONMENT,
    service: SERVICE,
    owner: OWNER,
    text: Name('words that all occur in it, or the URL of a commit, merge request, pipeline, job or deployment'),
    limit: Limit,
  }),
  async run({ deployments, clock }, { before, hours, environment, service, owner, text, limit }) {
    const until = momentOf(before, clock());
    const { selection, unknown } = await deployments.resolve(
      toChangeFilter({ environment, service, owner, text }, until),
    );
    const notes = refuseUnknown(unknown);
    const isAnyTime = selection.deployment !== undefined && hours === undefined;
    const since = isAnyTime ? new Date(0) : new Date(until.getTime() - (hours ?? USUAL_HOURS) * HOUR_MS);
    const span = { sinceMs: since.getTime(), untilMs: until.getTime() - 1 };
    const { deployments: found, total } = await deployments.list({ ...selection, ...span, limit, offset: 0 });
    return { since: since.toISOString(), until: until.toISOString(), total, ...notes, changes: found.map(toChange) };
  },
});

const running = tool({
  name: 'running',
  title: 'What runs where',
  description: 'What runs in each environment: commit, since when, by whom, and how far it is from production.',
  input: z.strictObject({ environment: ENVIRONMENT, service: SERVICE, owner: OWNER, limit: Limit }),
  async run(parts, { limit, environment, service, owner }) {
    const asked = { environment, service, owner, tier: undefined };
    const { data, unknown } = await readRunning(parts, asked, parts.clock());
    return { total: data.length, ...refuseUnknown(unknown), running: data.slice(0, limit) };
  },
});

const deployment = tool({
  name: 'deployment',
  title: 'One deployment',
  description:
    'All about one deployment: what, when, by whom, what it replaced, which rules applied, which sinks received it.',
  input: z.strictObject({ deployment: KEY }),
  async run(parts, { deployment: text }) {
    const found = await describeDeployment(parts, keyIn(text));
    if (!found) throw noDeployment(text);
    const { change, rules, related, deliveries } = found;
    const delivered = deliveries.map(({ sink, wants, told, on_hold }) => {
      return { sink, ...wants, state: told?.state, on_hold };
    });
    return { change, rules, related, deliveries: delivered };
  },
});

const noDeployment = (text: string) =>
  new Unanswerable(
    `there is no deployment "${text}", or it is older than the change log keeps: what_changed lists them`,
  );

const replacedBy = tool({
  name: 'replaced_by',
  title: 'What replaced a deployment',
  description: 'Whether a deployment still runs, which one took its place, and whose place it took.',
  input: z.strictObject({ deployment: KEY }),
  async run(parts, { deployment: text }) {
    const found = (await parts.deployments.get(keyIn(text)))?.deployment;
    if (!found) throw noDeployment(text);
    const statusOf = await parts.running.statusOf(parts.running.slots()); // all of it has been read by then
    const status = statusOf(found);
    const [next, before] = await Promise.all([
      changeOf(parts, status?.next?.key),
      changeOf(parts, found.replaced?.deployment),
    ]);
    return { deployment: toChange(found), status: whatBecame(found, status), replaced_by: next, replaced: before };
  },
});

async function changeOf({ deployments }: ToolParts, key: string | undefined) {
  const found = key === undefined ? undefined : (await deployments.get(key))?.deployment;
  return found && toChange(found);
}

function whatBecame({ state }: Deployment, status: { readonly isCurrent: boolean } | undefined): string {
  if (status) return status.isCurrent ? 'it runs' : 'it was replaced';
  return state === 'succeeded' ? 'many others have run there since' : `it does not run: it is ${state}`;
}

const AlertNames = { service: SERVICE, environment: ENVIRONMENT };

const alerts = tool({
  name: 'alerts',
  title: 'Alerts',
  description: 'Alerts that monitoring reported, the newest first, with their ids for the tool suspects.',
  input: z.strictObject({ status: z.enum(ALERT_STATES).optional(), ...AlertNames, limit: Limit }),
  async run(parts, { status, limit, ...names }) {
    const found = await findAlerts(parts, { ...names, status });
    return { total: found.length, alerts: found.slice(0, limit).map(toAlert) };
  },
});

const suspects = tool({
  name: 'suspects',
  title: 'What may have caused an alert',
  description:
    'Changes that may have caused an alert, the likeliest first, each with its reasons and their points. Without an ' +
    'id: of the newest alert.',
  input: z.strictObject({
    alert: z.string().regex(ALERT_ID, 'write the id of an alert: alt_ and 32 hex digits').optional(),
    ...AlertNames,
  }),
  async run(parts, { alert: id, ...names }) {
    const alert = id === undefined ? (await findAlerts(parts, names))[0] : await parts.alerts.get(id);
    if (!alert) {
      const what = id === undefined ? 'no alert was reported that fits' : `there is no alert ${id}`;
      throw new Unanswerable(`${what}: the tool alerts lists those that there are`);
    }
    return toAlertDetail(alert, await parts.suspectsOf(alert));
  },
});

interface AskedAlerts {
  readonly status?: Alert['state'] | undefined;
  readonly service?: string | undefined;
  readonly environment?: string | undefined;
}

const findAlerts = ({ alerts: store }: ToolParts, { status: state, service, environment }: AskedAlerts) =>
  store.list({
    state,
    services: service === undefined ? undefined : [service],
    environments: environment === undefined ? undefined : [environment],
    isTyped: true,
  });

/** All tools. None of them writes. */
export const TOOLS: readonly Tool[] = [whatChanged, running, deployment, replacedBy, alerts, suspects];
