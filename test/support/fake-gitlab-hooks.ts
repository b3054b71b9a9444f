import { bad, findProject, forbidden, notFound, ok, type World } from './fake-gitlab.ts';
import { listed } from './fake-gitlab-reads.ts';
import type { FakeReply, FakeRequest } from './fake-server.ts';

export interface FakeWebhook {
  readonly id: number;
  /** `project:30` or `group:harbor` */
  readonly owner: string;
  url: string;
  /** Never shown. */
  token?: string | undefined;
  signing_token?: string | undefined;
  settings: Record<string, boolean>;
  alert_status: 'executable' | 'temporarily_disabled' | 'disabled';
  disabled_until: string | null;
  /** Premium or not: since 16.10. */
  template?: string | undefined;
  readonly events: FakeWebhookEvent[];
  /** When each event was sent again, epoch milliseconds. */
  readonly resends: number[];
}

export interface FakeWebhookEvent {
  readonly id: number;
  /** What the receiver answered; `internal error` when it could not be reached. */
  response_status: string;
  readonly trigger: string;
  readonly created_at: string;
  readonly key: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface FakeWebhooks {
  readonly webhooks: FakeWebhook[];
}

/** GitLab's settings of a webhook and what they are unless told otherwise. */
const DEFAULTS: Readonly<Record<string, boolean>> = {
  push_events: true,
  deployment_events: false,
  job_events: false,
  pipeline_events: false,
  merge_requests_events: false,
  enable_ssl_verification: true,
};

export function fakeWebhook(said: Partial<FakeWebhook> & Pick<FakeWebhook, 'owner' | 'url'>): FakeWebhook {
  return {
    id: 4_000,
    settings: { ...DEFAULTS, deployment_events: true, push_events: false },
    alert_status: 'executable',
    disabled_until: null,
    events: [],
    resends: [],
    ...said,
  };
}

export function fakeEvent(said: Partial<FakeWebhookEvent> & Pick<FakeWebhookEvent, 'id'>): FakeWebhookEvent {
  return {
    response_status: '503',
    trigger: 'deployment_hooks',
    created_at: new Date().toISOString(),
    key: `delivery-${said.id}`,
    data: { object_kind: 'deployment' },
    ...said,
  };
}

/** Webhooks of projects and groups: Maintainers only, tokens never shown, 5 resends a minute and hook. */
export function webhookRoute(
  request: FakeRequest,
  { rest, world }: { rest: string; world: World },
): FakeReply | undefined {
  const [, kind, id, hookId, events, eventId] =
    /^\/(projects|groups)\/([^/]+)\/hooks(?:\/(\d+)(?:\/(events)(?:\/(\d+)\/resend)?)?)?$/.exec(rest) ?? [];
  if (kind === undefined || id === undefined) return undefined;
  const owner = ownerOf(world, { kind, id: decodeURIComponent(id) });
  if (typeof owner !== 'string') return owner;
  const own = world.webhooks.filter((hook) => hook.owner === owner);
  if (hookId === undefined) {
    if (request.method === 'GET') return listed(own.map(hookAnswer), request.query);
    return request.method === 'POST' ? create(request, { world, owner }) : { status: 405 };
  }
  const hook = own.find((one) => String(one.id) === hookId);
  if (!hook) return notFound('');
  if (eventId !== undefined) return request.method === 'POST' ? resend(hook, eventId) : { status: 405 };
  if (events !== undefined) return listEvents(hook, request.query);
  if (request.method === 'GET') return ok(hookAnswer(hook));
  return request.method === 'PUT' ? set(request, hook) : { status: 405 };
}

function ownerOf(world: World, { kind, id }: { kind: string; id: string }): string | FakeReply {
  if (kind === 'groups') {
    const known = world.options.projects.some(({ path }) => path.startsWith(`${id}/`));
    return known ? `group:${id}` : notFound('Group');
  }
  const project = findProject(world, id);
  if (!project) return notFound('Project');
  return project.role === 'maintainer' ? `project:${project.id}` : forbidden();
}

function hookAnswer({ id, url, token, signing_token, template, settings, ...hook }: FakeWebhook) {
  const { alert_status, disabled_until } = hook;
  const present = { token_present: token !== undefined, signing_token_present: signing_token !== undefined };
  return {
    id,
    url,
    created_at: '2026-03-01T08:00:00.000Z',
    ...settings,
    alert_status,
    disabled_until,
    custom_webhook_template: template ?? null,
    ...present,
  };
}

function create(request: FakeRequest, { world, owner }: { world: World; owner: string }): FakeReply {
  const id = 4_001 + world.webhooks.length;
  const hook = fakeWebhook({ id, owner, url: '', settings: { ...DEFAULTS } });
  const reply = set(request, hook);
  if (reply.status !== 200) return reply;
  world.webhooks.push(hook);
  return { ...reply, status: 201 };
}

function set(request: FakeRequest, hook: FakeWebhook): FakeReply {
  const body: Record<string, unknown> = JSON.parse(request.text);
  if (typeof body['url'] !== 'string') return bad('url is missing');
  if (!/^https?:\/\//.test(body['url'])) return { status: 422, body: { error: 'Invalid url given' } };
  hook.url = body['url'];
  if (typeof body['token'] === 'string') hook.token = body['token'];
  if (typeof body['custom_webhook_template'] === 'string') hook.template = body['custom_webhook_template'];
  if (typeof body['signing_token'] === 'string') hook.signing_token = body['signing_token'];
  for (const name of Object.keys(DEFAULTS)) {
    if (typeof body[name] === 'boolean') hook.settings[name] = body[name];
  }
  return ok(hookAnswer(hook));
}

const CATEGORIES: Readonly<Record<string, RegExp>> = {
  successful: /^2/,
  client_failure: /^4/,
  server_failure: /^5|^internal error$/,
};

/** At most 20 a page, newest first. GitLab: app/finders/web_hooks/web_hook_logs_finder.rb. */
function listEvents({ events, url }: FakeWebhook, query: URLSearchParams): FakeReply {
  const status = query.get('status');
  if (Number(query.get('per_page') ?? 20) > 20) return bad('per_page does not have a valid value');
  const wanted = status === null ? /./ : (CATEGORIES[status] ?? new RegExp(`^${status}$`));
  const rows = events.filter(({ response_status }) => wanted.test(response_status)).toReversed();
  return listed(
    rows.map(({ key, data, ...row }) => ({
      ...row,
      url,
      request_headers: { 'Idempotency-Key': key, 'X-Gitlab-Token': '[REDACTED]' },
      request_data: data,
    })),
    query,
  );
}

function resend(hook: FakeWebhook, eventId: string): FakeReply {
  const event = hook.events.find(({ id }) => String(id) === eventId);
  if (!event) return notFound('');
  const minuteAgo = Date.now() - 60_000;
  if (hook.resends.filter((at) => at > minuteAgo).length >= 5) {
    return { status: 429, body: { message: { error: 'This endpoint has been requested too many times.' } } };
  }
  hook.resends.push(Date.now());
  hook.events.push({ ...event, id: 100_000 + hook.events.length, response_status: '202' });
  return ok({ response_status: 202 }, 201);
}
