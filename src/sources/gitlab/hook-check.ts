import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { ResolveFailed } from '../../domain/errors.ts';
import { trimCharsEnd } from '../../values/text.ts';
import { toIso } from '../../values/time.ts';
import { DAY_MS } from '../../values/units.ts';
import type { ApiCall } from '../source.ts';
import { concernsOne, type GitlabApi, groupPath, pagesOf, projectPath, statusOf } from './api.ts';
import { Hook, HookEvent, rowsOf } from './api-schema.ts';
import { missingInTemplate } from './hook-template.ts';

/** A project or group that has webhooks. */
export interface Owner {
  /** `/projects/4711` */
  readonly base: string;
  readonly called: string;
}

type Run = ApiCall & { readonly since: Date; warn(finding: string): void };

/** GitLab takes 5 a minute from a user and hook, and answers 429 to more (docs.gitlab.com/api/project_webhooks). */
const RESENDS_A_MINUTE = 5;
const EVENTS_PER_PAGE = 20; // GitLab gives no more
const WINDOW_MS = 61_000; // a minute, by our clock
const REMEMBERED = 10_000; // a megabyte or two
/** GitLab keeps events for 7 days. */
const REMEMBER_MS = 8 * DAY_MS;
const TRIGGERS: readonly (string | undefined)[] = ['deployment_hooks', 'job_hooks', 'pipeline_hooks', undefined];

/** What a person should fix at the webhooks of the configured projects and groups. Resends nothing. */
export function createHookChecks({ ask, projects, groups }: GitlabApi, instance: string) {
  return async function findings(call: ApiCall): Promise<readonly string[]> {
    const found: string[] = [];
    const owners = [
      ...projects.map((name) => ({ base: projectPath(name), called: name })),
      ...groups.map((name) => ({ base: groupPath(name), called: `group ${name}` })),
    ];
    for (const owner of owners) {
      const hooks = await quietly(() => listHooks(ask, owner, call.signal));
      for (const hook of (hooks ?? []).filter(({ url }) => pointsTo(url, instance))) {
        warnOfDisabled(hook, owner, { ...call, warn: (finding) => void found.push(finding) });
        warnOfTemplate(hook, owner, { warn: (finding) => void found.push(finding) });
      }
    }
    return found;
  };
}

/** Checks the webhooks that point to us: reports which are disabled, and has failed events sent again. */
export function createHookCheck({ ask }: GitlabApi, instance: string) {
  const resent = new LRUCache<string, true>({ max: REMEMBERED, ttl: REMEMBER_MS });
  /** How many were sent again by each hook within the last minute: runs may follow each other immediately. */
  const lately = new LRUCache<string, number>({ max: REMEMBERED, ttl: WINDOW_MS });

  return async function checkHooks(owner: Owner, run: Run): Promise<void> {
    const hooks = await quietly(() => listHooks(ask, owner, run.signal));
    for (const hook of (hooks ?? []).filter(({ url }) => pointsTo(url, instance))) {
      warnOfDisabled(hook, owner, run);
      warnOfTemplate(hook, owner, run);
      if (hook.id) await quietly(() => resendFailed(hook.id ?? '', owner, run));
    }
  };

  async function resendFailed(hookId: string, owner: Owner, run: Run): Promise<void> {
    const events = `${owner.base}/hooks/${hookId}/events`;
    const failed = [
      ...(await eventsOf(events, 'server_failure', run)),
      ...(await eventsOf(events, 'client_failure', run)),
    ].filter((event) => event.id && TRIGGERS.includes(event.trigger) && isNews(event, run));
    if (failed.length === 0) return;
    const arrived = await eventsOf(events, 'successful', run);
    for (const event of arrived) resent.set(identityOf(hookId, event), true);
    const waiting = [...new Map(failed.map((event) => [identityOf(hookId, event), event]))].filter(
      ([identity]) => !resent.has(identity),
    );
    const allowed = RESENDS_A_MINUTE - (lately.get(events) ?? 0);
    for (const [identity, event] of waiting.slice(0, allowed)) {
      lately.set(events, (lately.get(events) ?? 0) + 1);
      if (!(await resend(`${events}/${event.id}/resend`, { owner, run }))) return;
      resent.set(identity, true);
    }
    const left = waiting.length - allowed;
    if (left > 0) {
      run.warn(
        `${owner.called}: ${left} more events of its webhook failed; GitLab sends ${RESENDS_A_MINUTE} a minute ` +
          `again, the next run goes on.`,
      );
    }
  }

  async function eventsOf(path: string, status: string, { signal }: Run): Promise<HookEvent[]> {
    for await (const page of pagesOf(ask, `${path}?status=${status}&per_page=${EVENTS_PER_PAGE}`, signal)) {
      return rowsOf(HookEvent, page);
    }
    return [];
  }

  /** @returns false when GitLab asked to wait, or the event failed again. */
  async function resend(path: string, { owner, run }: { owner: Owner; run: Run }): Promise<boolean> {
    try {
      const { data } = Resent.safeParse(await ask.send('POST', path, { signal: run.signal }));
      const status = data?.response_status;
      if (status === undefined || (status >= 200 && status < 400)) return true;
      run.warn(
        `${owner.called}: a failed event was sent again and answered ${status}; see Recent events of its webhook.`,
      );
      return false;
    } catch (error) {
      if (!concernsOne(error) && !(error instanceof ResolveFailed && statusOf(error) === 429)) throw error;
      run.warn(`${owner.called}: failed events of its webhook could not be sent again: ${error.message}`);
      return false;
    }
  }
}

async function listHooks(ask: GitlabApi['ask'], { base }: Owner, signal: AbortSignal): Promise<Hook[]> {
  const hooks: Hook[] = [];
  for await (const page of pagesOf(ask, `${base}/hooks?per_page=100`, signal)) hooks.push(...rowsOf(Hook, page));
  return hooks;
}

const Resent = z.object({ response_status: z.coerce.number().optional().catch(undefined) });

/** Needs Maintainer, for groups Owner and Premium: what the token may not see is not checked. */
async function quietly<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (concernsOne(error) && [undefined, 403, 404].includes(statusOf(error))) return undefined;
    throw error;
  }
}

/** What a resent event has in common with the first one. */
const identityOf = (hookId: string, event: HookEvent): string =>
  `${hookId}:${event.request_headers?.['Idempotency-Key'] ?? event.id}`;

/** An event without any time may be news. */
function isNews(event: HookEvent, { since }: Run): boolean {
  const at = toIso(event.created_at) ?? toIso(event.request_data?.status_changed_at);
  return at === undefined || at >= since.toISOString();
}

/** True when the webhook sends to this source, whatever its host: there may be a proxy in between. */
function pointsTo(url: string | undefined, instance: string): boolean {
  return url !== undefined && pathOf(url).endsWith(`/webhooks/${instance}`);
}

export const pathOf = (url: string): string =>
  trimCharsEnd(URL.canParse(url) ? new URL(url).pathname : (url.split(/[?#]/, 1)[0] ?? ''), '/');

function warnOfTemplate(hook: Hook, { called }: Owner, { warn }: Pick<Run, 'warn'>): void {
  const missing = missingInTemplate(hook);
  if (missing === undefined) return;
  warn(
    `The webhook of ${called} has a custom template that lacks ${missing}: what it sends cannot be read. Empty ` +
      `"Custom webhook template" in its settings, or run: npx shiplog hooks apply`,
  );
}

function warnOfDisabled(
  { alert_status, disabled_until }: Hook,
  { called }: Owner,
  { now, warn }: Pick<Run, 'now' | 'warn'>,
): void {
  const until = toIso(disabled_until);
  const waits = until !== undefined && until > now.toISOString();
  if ((alert_status === undefined || alert_status === 'executable') && !waits) return;
  const how = alert_status === 'disabled' ? 'disabled for good' : `disabled${until ? ` until ${until}` : ''}`;
  warn(
    `The webhook of ${called} is ${how}, after failures: GitLab drops its events. See Recent events of the ` +
      `webhook, fix what failed, then press Test: a 2xx answer enables it again.`,
  );
}
