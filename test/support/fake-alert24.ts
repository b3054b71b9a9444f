import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { ChangeType, RiskLevel } from '../../src/domain/change-record.ts';
import { type FakeReply, type FakeRequest, type FakeServer, startFakeServer } from './fake-server.ts';

/** The documented fields and no other: whether the real one refuses unknown fields is not known, a typo must not pass here. */
const ChangeCreate = z.strictObject({
  summary: z.string().min(1),
  service_id: z.string().min(1).optional(),
  change_type: ChangeType.optional(),
  description: z.string().optional(),
  source: z.string().min(1).optional(),
  commit_sha: z.string().min(1).optional(),
  commit_message: z.string().min(1).optional(),
  branch: z.string().min(1).optional(),
  pr_number: z.string().min(1).optional(),
  pr_url: z.string().min(1).optional(),
  pipeline_url: z.string().min(1).optional(),
  environment: z.string().min(1).optional(),
  risk_level: RiskLevel.optional(),
  changed_by: z.string().min(1).optional(),
  external_id: z.string().min(1).optional(),
  tags: z.array(z.string().min(1)).optional(),
});

export interface FakeChange extends z.infer<typeof ChangeCreate> {
  readonly id: string;
  readonly created_at: string;
}

export interface FakeAlert24Options {
  readonly apiKey?: string;
  /** `write` includes `read`, as documented; `write-only` is a key that cannot list. */
  readonly scope?: 'read' | 'write' | 'write-only';
  /** Unknown services are answered 404. Undefined: every service is known. */
  readonly services?: readonly string[];
  /** Whether the list understands `external_id`: not documented. */
  readonly filterByExternalId?: 'yes' | 'ignored' | 'refused';
  /** No list at all. */
  readonly list?: 'on' | 'off';
  readonly order?: 'newest-first' | 'oldest-first';
  /** How a created change is answered: not documented either. */
  readonly createdAs?: 'data' | 'change' | 'id' | 'empty' | 'html';
  readonly createdStatus?: number;
  readonly random?: () => number;
}

export interface FakeAlert24 extends FakeServer {
  /** Everything that was logged, oldest first. */
  readonly changes: FakeChange[];
  /** What a test turns while it runs. */
  readonly options: { -readonly [Key in keyof FakeAlert24Options]: FakeAlert24Options[Key] };
  /** External ids that were logged more than once. */
  duplicates(): string[];
}

export const ALERT24_KEY = 'ak_live_AbCdEfGhIjKlMnOpQrStUvWxYz012345';

/** Alert24's change log as its pages describe it: no idempotency, no update, strict bodies. */
export async function startFakeAlert24(given: FakeAlert24Options = {}): Promise<FakeAlert24> {
  const options = { ...given };
  const changes: FakeChange[] = [];
  const server = await startFakeServer((request) => withRequestId(handle(request, { changes, options })), given.random);
  return {
    ...server,
    changes,
    options,
    duplicates: () => {
      const ids = changes.map((change) => change.external_id ?? '');
      return [...new Set(ids.filter((id, index) => ids.indexOf(id) !== index))];
    },
  };
}

interface State {
  readonly changes: FakeChange[];
  readonly options: FakeAlert24Options;
}

const withRequestId = (reply: FakeReply): FakeReply => ({
  ...reply,
  headers: { 'x-request-id': `req_${randomUUID().slice(0, 8)}`, ...reply.headers },
});

function handle(request: FakeRequest, state: State): FakeReply {
  const { apiKey = ALERT24_KEY, scope = 'write', services } = state.options;
  const route = /^\/api\/v1(?:\/services\/([^/]+))?\/changes$/.exec(request.path);
  if (!route) return error(404, 'not_found', 'Not found');
  if (request.headers.authorization !== `Bearer ${apiKey}`)
    return error(401, 'authentication_error', 'Invalid or missing API key. Provide a valid Bearer token.');
  const service = route[1] === undefined ? undefined : decodeURIComponent(route[1]);
  if (service !== undefined && services && !services.includes(service))
    return error(404, 'not_found', 'Service not found');
  if (request.method === 'GET') {
    if (scope === 'write-only') return error(403, 'authorization_error', 'API key missing required scope: read');
    return list(request.query, { ...state, service });
  }
  if (request.method !== 'POST') return error(405, 'validation_error', 'Method not allowed');
  if (scope === 'read') return error(403, 'authorization_error', 'API key missing required scope: write');
  return create(request, { ...state, service });
}

function create(
  request: FakeRequest,
  { changes, options, service }: State & { service: string | undefined },
): FakeReply {
  const body = parse(request.text);
  if (body === undefined) return error(400, 'validation_error', 'Invalid JSON');
  if (!String(request.headers['content-type']).startsWith('application/json'))
    return error(400, 'validation_error', 'Content-Type must be application/json');
  const parsed = ChangeCreate.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return error(400, 'validation_error', `${issue?.path.join('.') || 'body'}: ${issue?.message}`);
  }
  const service_id = service ?? parsed.data.service_id;
  if (service_id !== undefined && options.services && !options.services.includes(service_id))
    return error(404, 'not_found', 'Service not found');
  const change: FakeChange = {
    ...parsed.data,
    ...(service_id !== undefined && { service_id }),
    // The documented defaults: an omitted environment is filed under production.
    environment: parsed.data.environment ?? 'production',
    change_type: parsed.data.change_type ?? 'deployment',
    id: randomUUID(),
    created_at: new Date().toISOString(),
  };
  changes.push(change);
  const bodies = { data: { data: change }, change: { success: true, change }, id: { id: change.id }, empty: undefined };
  const { createdAs = 'data', createdStatus = 201 } = options;
  return { status: createdStatus, body: createdAs === 'html' ? '<html>thank you</html>' : bodies[createdAs] };
}

function list(
  query: URLSearchParams,
  { changes, options, service }: State & { service: string | undefined },
): FakeReply {
  if (options.list === 'off') return error(404, 'not_found', 'Not found');
  const limit = Number(query.get('limit') ?? 25);
  const offset = Number(query.get('offset') ?? 0);
  if (!Number.isInteger(limit) || limit < 1 || limit > 100)
    return error(400, 'validation_error', 'limit must be between 1 and 100');
  if (!Number.isInteger(offset) || offset < 0) return error(400, 'validation_error', 'offset must be 0 or more');
  const wanted = query.get('external_id');
  const { filterByExternalId = 'yes', order = 'newest-first' } = options;
  if (wanted !== null && filterByExternalId === 'refused')
    return error(400, 'validation_error', 'unknown filter external_id');
  const all = changes.filter(
    (change) =>
      (service === undefined || change.service_id === service) &&
      (wanted === null || filterByExternalId === 'ignored' || change.external_id === wanted),
  );
  const sorted = order === 'newest-first' ? all.toReversed() : all;
  const data = sorted.slice(offset, offset + limit);
  const meta = { total: all.length, limit, offset, has_more: offset + data.length < all.length };
  return { status: 200, body: { data, meta } };
}

const error = (status: number, type: string, message: string): FakeReply => ({
  status,
  body: { error: { type, message, status } },
});

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
