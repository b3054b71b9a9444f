import type { BridgeSettings } from '../config/bridge-access.ts';
import type { Change } from '../http/answers/change.ts';
import type { DeadLetter } from '../http/answers/dead-letter.ts';
import type { DeploymentDetail } from '../http/answers/deployment.ts';
import type { Webhook, WebhookWithBody } from '../http/answers/webhook.ts';
import { namedIn } from '../values/own-page.ts';
import { SHA_OR_PREFIX } from '../values/sha.ts';
import { askBridge, callBridge, findAtBridge } from './call.ts';
import { changesTable } from './changes.ts';
import { NothingFound, type Output, printJson, withProgress } from './output.ts';
import { traceText } from './trace-text.ts';
import type { Traced, TracedDeployment } from './traced.ts';

const PAGE = 100;
const MATCHES = 100; // the API's largest page; a trace is of one deployment, or a few
/** Newest webhooks that are searched for repeats of a record, which leave no record. */
const SEARCHED_FOR_REPEATS = 300;

/**
 * Prints everything about a commit, deployment, webhook or delivery.
 * @throws NothingFound
 */
export async function trace(
  config: BridgeSettings,
  what: string,
  { json, output = process }: { readonly json?: boolean; readonly output?: Output },
): Promise<void> {
  const traced = await withProgress(output, `looking for ${what}`, (note) => find(config, what, note));
  if (!traced)
    throw new NothingFound(
      `nothing is found for "${what}": no deployment, alias, external id, commit (7 digits or more), ` +
        `webhook or delivery; or it is older than what is kept`,
    );
  if (json) return void printJson(output, traced);
  if (traced.matches.length === 0) return void output.stdout.write(traceText(traced, output));
  output.stdout.write(`${traced.matches.length} deployments fit; trace one of them by its key:\n\n`);
  output.stdout.write(changesTable(traced.matches, output));
}

/** A key counts before a commit, and what has an index before what must be searched for. */
async function find(config: BridgeSettings, given: string, note: (how: string) => void): Promise<Traced | undefined> {
  const what = namedIn(given)?.name ?? given;
  if (/^https?:\/\//i.test(what)) return findChanges(config, { text: what }, 'address');
  const [detail, webhook] = await Promise.all([detailOf(config, what), webhookOf(config, what)]);
  if (detail) return { found: 'deployment', ...none, deployments: [await complete(config, detail)] };
  if (webhook) return { found: 'webhook', ...(await withDeployments(config, [webhook])) };
  const byCommit = SHA_OR_PREFIX.test(what) ? await findChanges(config, { commit_sha: what }, 'commit') : undefined;
  if (byCommit) return byCommit;
  const letter = await findDeadLetter(config, what);
  if (letter) return letter;
  const named = await findChanges(
    config,
    { text: what },
    'id of the sender',
    ({ external_id }) => external_id === what,
  );
  if (named) return named;
  const delivered = await findToolDelivery(config, what, note);
  return delivered.length === 0
    ? undefined
    : { found: 'delivery of the tool', ...(await withDeployments(config, delivered)) };
}

const none = { webhooks: [], deployments: [], matches: [] } as const;

async function detailOf(config: BridgeSettings, name: string): Promise<DeploymentDetail | undefined> {
  // our own API
  return (await findAtBridge(config, `/api/deployments/${encodeURIComponent(name)}`)) as DeploymentDetail | undefined;
}

async function webhookOf(config: BridgeSettings, id: string): Promise<Webhook | undefined> {
  // our own API
  const found = (await findAtBridge(config, `/api/inbox/${encodeURIComponent(id)}`)) as WebhookWithBody | undefined;
  if (!found) return undefined;
  const { body: _, words: __, ...webhook } = found;
  return webhook;
}

async function findChanges(
  config: BridgeSettings,
  filter: Readonly<Record<string, string>>,
  found: Traced['found'],
  isMeant: (change: Change) => boolean = () => true,
): Promise<Traced | undefined> {
  const query = new URLSearchParams({ ...filter, limit: String(MATCHES) });
  // our own API
  const all = (await callBridge(config, { method: 'GET', path: `/api/v1/changes?${query}` })) as Change[];
  const matches = all.filter(isMeant);
  const [first] = matches;
  if (!first) return undefined;
  if (matches.length > 1) return { found, ...none, matches };
  const detail = await detailOf(config, first.deployment);
  return detail && { found, ...none, deployments: [await complete(config, detail)] };
}

async function findDeadLetter(config: BridgeSettings, id: string): Promise<Traced | undefined> {
  const [letter] = await deadLetters(config, { id });
  if (!letter) return undefined;
  const webhook = letter.webhook ? await webhookOf(config, letter.webhook) : undefined;
  const detail = letter.deployment ? await detailOf(config, letter.deployment) : undefined;
  if (webhook) return { found: 'dead letter', ...(await withDeployments(config, [webhook])) };
  return detail && { found: 'dead letter', ...none, deployments: [await complete(config, detail)] };
}

async function deadLetters(config: BridgeSettings, filter: Readonly<Record<string, string>>): Promise<DeadLetter[]> {
  const query = new URLSearchParams({ ...filter, limit: '1000' });
  // our own API
  return (await callBridge(config, { method: 'GET', path: `/api/dead-letters?${query}` })) as DeadLetter[];
}

/** The tools have delivery ids of their own, which are in a header and in no index. */
async function findToolDelivery(config: BridgeSettings, id: string, note: (how: string) => void): Promise<Webhook[]> {
  const found: Webhook[] = [];
  for await (const page of inboxPages(config, Number.POSITIVE_INFINITY, note))
    found.push(...page.filter(({ headers }) => Object.values(headers).includes(id)));
  return found;
}

async function* inboxPages(config: BridgeSettings, most: number, note: (how: string) => void = () => {}) {
  for (let offset = 0; offset < most; offset += PAGE) {
    const answer = await askBridge(config, { method: 'GET', path: `/api/inbox?limit=${PAGE}&offset=${offset}` });
    const page = answer.data as Webhook[]; // our own API
    const { total } = answer.meta as { total: number }; // our own API
    yield page;
    note(`${Math.min(offset + PAGE, total)} of ${total} webhooks`);
    if (offset + page.length >= total || page.length === 0) return;
  }
}

async function withDeployments(config: BridgeSettings, webhooks: readonly Webhook[]): Promise<Omit<Traced, 'found'>> {
  const keys = [...new Set(webhooks.flatMap(({ deployments }) => deployments))];
  const details = await Promise.all(keys.map((key) => detailOf(config, key)));
  const existing = details.filter((detail) => detail !== undefined);
  return { ...none, webhooks, deployments: await Promise.all(existing.map((detail) => complete(config, detail))) };
}

async function complete(config: BridgeSettings, detail: DeploymentDetail): Promise<TracedDeployment> {
  const { key } = detail.deployment;
  const ids = [...new Set(detail.records.flatMap(({ webhook }) => webhook ?? []))];
  const [named, dead_letters, repeats] = await Promise.all([
    Promise.all(ids.map((id) => webhookOf(config, id))),
    deadLetters(config, { deployment: key }),
    repeatsOf(config, key),
  ]);
  const allWebhooks = [...named.filter((webhook) => webhook !== undefined), ...repeats];
  const webhooks = [...new Map(allWebhooks.map((webhook) => [webhook.id, webhook])).values()];
  return {
    ...detail,
    webhooks: webhooks.sort((a, b) => a.receivedAt.localeCompare(b.receivedAt)),
    dead_letters,
  };
}

async function repeatsOf(config: BridgeSettings, key: string): Promise<Webhook[]> {
  const found: Webhook[] = [];
  for await (const page of inboxPages(config, SEARCHED_FOR_REPEATS))
    found.push(...page.filter(({ deployments }) => deployments.includes(key)));
  return found;
}
