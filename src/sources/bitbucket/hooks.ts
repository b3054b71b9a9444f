import { z } from 'zod';
import { ResolveFailed } from '../../domain/errors.ts';
import type { HookOrder } from '../source.ts';
import type { Api, Path } from './api.ts';
import { bareUuid } from './parts.ts';
import { repositoryPathOf } from './repository-path.ts';
import { Text } from './schema.ts';

/** Each of them makes Shiplog ask which deployments the pipeline made. */
const EVENTS = ['repo:commit_status_created', 'repo:commit_status_updated', 'pipeline:span_created'];
/** Bitbucket: a webhook's secret has at most this many characters. */
const MAX_SECRET = 128;
const MAX_PAGES = 10; // a repository has a few webhooks

const Hook = z.object({
  uuid: Text,
  url: z.string().catch(''),
  active: z.boolean().catch(false),
  events: z.array(z.string()).catch([]),
  secret_set: z.boolean().nullish().catch(undefined),
});
type Hook = z.infer<typeof Hook>;

export interface HooksParts {
  readonly api: Api;
  readonly secrets: readonly string[];
}

/** Creates or repairs the webhook of each target. */
export function createApplyHooks({ api, secrets }: HooksParts) {
  const secret = secrets[0] ?? '';
  return async function applyHooks(order: HookOrder): Promise<readonly string[]> {
    if (secret.length > MAX_SECRET) {
      throw refused(`the first of secrets is longer than ${MAX_SECRET} characters, which is Bitbucket's limit`);
    }
    const lines: string[] = [];
    const failures: ResolveFailed[] = [];
    for (const target of order.targets) {
      try {
        lines.push(`${target}: ${await applyTo(target, { api, secret, order })}`);
      } catch (error) {
        if (!(error instanceof ResolveFailed)) throw error;
        const message = error.message.replaceAll(secret, '[secret]');
        failures.push(error);
        lines.push(`${target}: not done. ${message}`);
      }
    }
    // The failure of one target must not look like success.
    if (failures[0]) throw new ResolveFailed(lines.join('\n'), { retry: failures[0].retry });
    return lines;
  };
}

interface Applying {
  readonly api: Api;
  readonly secret: string;
  readonly order: HookOrder;
}

async function applyTo(target: string, { api, secret, order }: Applying): Promise<string> {
  const { url, dryRun, signal } = order;
  const path = hooksOf(target);
  const hook = await find(path, { api, order });
  const body = {
    description: 'Shiplog',
    url,
    active: true,
    secret,
    events: [...new Set([...(hook?.events ?? []), ...EVENTS])],
  };
  if (!hook) {
    if (dryRun) return `would create the webhook for ${EVENTS.join(', ')}`;
    await api.send('POST', path, { body, signal });
    return `created the webhook for ${EVENTS.join(', ')}`;
  }
  const flaws = problemsOf(hook);
  if (flaws.length === 0) return 'nothing to do: the webhook is there, active, with a secret and all events';
  if (dryRun) return `would repair the webhook, which ${flaws.join(', ')}`;
  await api.send('PUT', [...path, `{${bareUuid(hook.uuid)}}`], { body, signal });
  return `repaired the webhook, which ${flaws.join(', ')}`;
}

/** Events beyond ours are left alone. Bitbucket does not show whether a secret is ours. */
function problemsOf({ active, events, secret_set: secretSet }: Hook): string[] {
  const lacking = EVENTS.filter((event) => !events.includes(event));
  return [
    active ? '' : 'was switched off',
    secretSet === false ? 'had no secret' : '',
    lacking.length > 0 ? `lacked ${lacking.join(', ')}` : '',
  ].filter(Boolean);
}

async function find(path: Path, { api, order }: Pick<Applying, 'api' | 'order'>): Promise<Hook | undefined> {
  let query: Readonly<Record<string, string>> | undefined = { pagelen: '100' };
  for (let count = 0; query && count < MAX_PAGES; count += 1) {
    const page = await api.page(path, query, order.signal);
    if (!page)
      throw refused('Bitbucket shows no such target: check its name, and the scopes of api.token for webhooks');
    const hooks = page.values.flatMap((json) => Hook.safeParse(json).data ?? []);
    const found = hooks.find((hook) => hook.uuid && hook.url === order.url);
    if (found) return found;
    query = page.next;
  }
  return undefined;
}

/** @throws ResolveFailed */
function hooksOf(target: string): Path {
  const [kind, name = ''] = target.split(/:(.*)/s);
  const repo = repositoryPathOf(kind === 'workspace' ? `${name}/x` : name);
  if (repo && kind === 'workspace') return ['workspaces', repo.workspace, 'hooks'];
  if (repo && kind === 'repository') return ['repositories', repo.workspace, repo.repository, 'hooks'];
  throw refused('write repository:<workspace>/<repository> or workspace:<workspace>');
}

const refused = (message: string) => new ResolveFailed(message, { retry: 'never' });
