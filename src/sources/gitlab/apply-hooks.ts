import { ResolveFailed } from '../../domain/errors.ts';
import { trimChars } from '../../values/text.ts';
import type { HookOrder } from '../source.ts';
import { SIGNING_TOKEN } from '../standard-webhooks.ts';
import { concernsOne, type GitlabApi, groupPath, pagesOf, projectPath } from './api.ts';
import { Hook, rowsOf } from './api-schema.ts';
import { pathOf } from './hook-check.ts';
import { missingInTemplate } from './hook-template.ts';

interface Secrets {
  readonly secrets: readonly string[];
  readonly signingTokens: readonly string[];
}

/** The settings of the webhook. GitLab enables push events by default. */
const SETTINGS = {
  deployment_events: true,
  push_events: false,
  job_events: false,
  pipeline_events: false,
  enable_ssl_verification: true,
} as const;

const PATHS: Readonly<Record<string, (name: string) => string>> = { project: projectPath, group: groupPath };

interface Target {
  readonly called: string;
  readonly hooks: string;
}

/**
 * Creates or repairs the webhook of projects and groups; without targets, of those in the configuration. Needs the
 * scope `api` and the role Maintainer, for groups Owner.
 */
export function createApplyHooks({ ask, projects, groups }: GitlabApi, given: Secrets) {
  const tokens = tokensOf(given);

  return async function applyHooks(order: HookOrder): Promise<readonly string[]> {
    const configured = [...projects.map((name) => `project:${name}`), ...groups.map((name) => `group:${name}`)];
    const targets = (order.targets.length > 0 ? order.targets : configured).map(targetOf);
    if (targets.length === 0) {
      throw new ResolveFailed('name a target: project:<id or path> or group:<id or path>', { retry: 'never' });
    }
    const done: string[] = [];
    let failed: ResolveFailed | undefined;
    for (const target of targets) {
      try {
        done.push(`${target.called}: ${await apply(target, order)}`);
      } catch (error) {
        if (!(error instanceof ResolveFailed)) throw error;
        failed = new ResolveFailed(withoutSecrets(`${target.called}: ${error.message}`, tokens), {
          retry: error.retry,
        });
        done.push(failed.message);
        if (!concernsOne(error)) break;
      }
    }
    // What was done before is reported as well: it is not undone.
    if (failed) throw new ResolveFailed(done.join('\n'), { retry: failed.retry });
    return done;
  };

  async function apply({ hooks: path }: Target, { url, dryRun, signal }: HookOrder): Promise<string> {
    const found: Hook[] = [];
    for await (const page of pagesOf(ask, `${path}?per_page=100`, signal)) found.push(...rowsOf(Hook, page));
    const own = found.filter((hook) => hook.id && hook.url && isSameUrl(hook.url, url));
    const hook = own.find((one) => one.url === url) ?? own[0];
    const body = { url, ...SETTINGS, ...tokens };
    const also = own.length > 1 ? `; ${own.length - 1} more point there too: delete them` : '';
    if (!hook) {
      if (dryRun) return `a webhook to ${url} would be made: deployment events`;
      return `webhook made: deployment events${warningOf(await ask.send('POST', path, { body, signal }), tokens)}`;
    }
    const template = missingInTemplate(hook);
    const wrong = [differences(hook, url), template && `the custom template, which lacks ${template}, taken out`]
      .filter(Boolean)
      .join(', ');
    if (dryRun)
      return `webhook ${wrong ? `would be repaired: ${wrong}` : 'is right'}; its secret would be set anew${also}`;
    const change = { ...body, ...(template && { custom_webhook_template: '' }) };
    const answer = await ask.send('PUT', `${path}/${hook.id}`, { body: change, signal });
    const kept = missingInTemplate(Hook.parse(answer ?? {}))
      ? '. GitLab kept the custom template: take it out in its settings'
      : '';
    const done = wrong ? `repaired: ${wrong}` : 'was right';
    return (
      `webhook ${done}; its secret was set anew, because GitLab does not show ` +
      `it${also}${kept}${warningOf(answer, tokens)}`
    );
  }
}

/** @throws ResolveFailed for a target that GitLab does not have: nothing is done then. */
function targetOf(target: string): Target {
  const [kind = '', ...rest] = target.split(':');
  const name = trimChars(rest.join(':').trim(), '/');
  const path = Object.hasOwn(PATHS, kind) ? PATHS[kind] : undefined;
  if (path && name) return { called: `${kind} ${name}`, hooks: `${path(name)}/hooks` };
  throw new ResolveFailed(`GitLab has no "${target}": write project:<id or path> or group:<id or path>`, {
    retry: 'never',
  });
}

type Tokens = { readonly token?: string; readonly signing_token?: string };

/** A signing token sent as the secret token would be in clear text in every webhook. */
function tokensOf({ secrets, signingTokens }: Secrets): Tokens {
  const first = secrets[0];
  const signs = first !== undefined && SIGNING_TOKEN.test(first);
  const signing_token = signs ? first : signingTokens[0];
  return { ...(first !== undefined && !signs && { token: first }), ...(signing_token && { signing_token }) };
}

/** The same host and path: an old query or a trailing slash makes no other webhook. */
function isSameUrl(a: string, b: string): boolean {
  const host = (url: string) => (URL.canParse(url) ? new URL(url).host : undefined);
  return host(a) !== undefined && host(a) === host(b) && pathOf(a) === pathOf(b);
}

function differences(hook: Hook, url: string): string {
  const settings = Object.entries(SETTINGS).filter(
    // A version that does not know a setting shows none.
    // the keys of SETTINGS
    ([name, value]) => hook[name as keyof typeof SETTINGS] != null && hook[name as keyof typeof SETTINGS] !== value,
  );
  const wrong = settings.map(([name, value]) => `${name} ${value ? 'on' : 'off'}`);
  return [...(hook.url === url ? [] : ['the URL']), ...wrong].join(', ');
}

/** Before 19.0 GitLab ignores a signing token silently. */
function warningOf(answer: unknown, { token, signing_token }: Tokens): string {
  if (signing_token === undefined || Hook.safeParse(answer).data?.signing_token_present) return '';
  return token === undefined
    ? '. This GitLab took no signing token (it needs 19.0): put a plain secret first, else its webhooks are refused'
    : '. This GitLab took no signing token (it needs 19.0): the secret token counts';
}

function withoutSecrets(text: string, { token, signing_token }: Tokens): string {
  return [token, signing_token].reduce<string>(
    (rest, secret) => (secret ? rest.replaceAll(secret, '[secret]') : rest),
    text,
  );
}
