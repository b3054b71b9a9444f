import { z } from 'zod';
import { BaseUrl, bothOrNeither, Credential, MEBIBYTE, Name, Secrets } from '../../values/settings.ts';
import { HOUR_MS } from '../../values/units.ts';
import { API_PATH, verifyToken } from '../gitlab-api/api.ts';
import { Projects } from '../projects.ts';
import { passes } from '../signature.ts';
import type { Source } from '../source.ts';
import { argocdApi } from './api.ts';
import { ApplicationCommit } from './application-commit.ts';
import { ENVIRONMENT_WORDS } from './environment.ts';
import { FACTS } from './facts.ts';
import { HealthyWhenRules } from './healthy-when.ts';
import { configMapFor, hooksOf } from './hooks.ts';
import { toAnswer, toMapped } from './map.ts';
import { createMissed, type Api as MissedApi } from './missed.ts';
import { sampleNotification } from './sample.ts';
import type { Settings } from './settings.ts';
import { recipeWith } from './setup.ts';
import { setupSeenIn } from './setup-seen.ts';
import { expiresAt } from './token.ts';

const WORD = /^[\p{L}\p{N}]+$/u;

/** Argo CD's own API. With neither url nor token it is not asked. */
const Api = z
  .strictObject({
    url: BaseUrl.optional(),
    token: Credential('token').optional(),
    per_hour: z.number().int().positive().default(3600),
  })
  .prefault({})
  .transform(({ url, token, per_hour: perHour }, context): MissedApi | undefined => {
    const place = bothOrNeither({ url, token }, context, 'to ask Argo CD for nothing');
    return place && { ...place, perHour };
  });

/** Argo CD Notifications: the template of README.md, or GitLab's documented ConfigMap with another url and token. */
export const argocd = z
  .strictObject({
    type: z.literal('argocd'),
    name: Name.default('argocd'),
    /** The value of the Argo CD secret `shiplog-token`. Argo CD cannot sign. */
    secrets: Secrets,
    max_body_mib: z.number().positive().max(100).default(2),
    /** GitLab projects that its deployments may be written to. Absent: all. */
    projects: Projects,
    /** An app that turns unhealthy after its sync: a failed deployment, or nothing. */
    degraded: z.enum(['failed', 'ignore']).default('failed'),
    /** Syncs that only put drifted resources back. They can come every few seconds. */
    self_heal: z.enum(['skip', 'record']).default('skip'),
    /** Syncs that had nothing to change. */
    noop: z.enum(['record', 'skip']).default('record'),
    /** An app that turns unhealthy later than this after its sync is no failed deployment. */
    degraded_within_hours: z.number().positive().default(24),
    /** What makes a sync a success: one word, or a list with the applications to which each word applies. */
    healthy_when: HealthyWhenRules,
    /** Words that name an environment in the names of applications, namespaces, projects and clusters. */
    environment_words: z.array(z.string().regex(WORD, 'write one word, such as prod')).default([...ENVIRONMENT_WORDS]),
    /** `search-production` in production is the service `search`. */
    service_without_environment: z.boolean().default(true),
    /** A first subscription reports the last sync of every app, however old. */
    max_age_hours: z.number().positive().default(24),
    /** Hosts whose repositories are GitLab projects. */
    gitlab_hosts: z.array(z.string()).default([]),
    /** The branch of a drop-in body that names none. */
    default_ref: z.string().optional(),
    /** Where to find the commit of the application, when Argo CD deploys manifests of another repository. */
    application_commit: ApplicationCommit,
    api: Api,
  })
  .transform((config): Source => {
    const settings: Settings = {
      instance: config.name,
      degraded: config.degraded,
      degradedWithinMs: config.degraded_within_hours * HOUR_MS,
      healthyWhen: config.healthy_when,
      environmentWords: new Set(config.environment_words.map((word) => word.toLowerCase())),
      serviceWithoutEnvironment: config.service_without_environment,
      selfHeal: config.self_heal,
      noop: config.noop,
      maxAgeMs: config.max_age_hours * HOUR_MS,
      gitlabHosts: config.gitlab_hosts.map((host) => gitlabAt(host).host),
      gitlabRoots: new Map(config.gitlab_hosts.map(gitlabAt).flatMap(({ host, root }) => (root ? [[host, root]] : []))),
      defaultRef: config.default_ref?.trim() || undefined,
      applicationCommit: config.application_commit,
    };
    const hookSettings = { argocdUrl: config.api?.url, annotation: config.application_commit.annotation };
    return {
      ...FACTS,
      name: config.name,
      secrets: config.secrets,
      hidden: config.api ? [config.api.token] : [],
      maxBodyBytes: Math.floor(config.max_body_mib * MEBIBYTE),
      projects: config.projects,
      alsoAt: [API_PATH],
      imitates: argocdApi(settings),
      methods: ['POST', 'PUT', 'PATCH'], // whatever the template's author chose
      keepsBrokenJson: true,
      // there are static headers only: a token, and no signature
      verify: (webhook) => verifyToken(webhook, config.secrets),
      isProvedBy: (webhook, others) => passes(() => verifyToken(webhook, others)),
      verifyHeaders(head) {
        verifyToken(head, config.secrets);
        return 'proved';
      },
      map: (payload, webhook) => toMapped(payload, webhook, settings),
      sample: (at) => ({
        path: `/webhooks/${config.name}`,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${config.secrets[0]}` },
        body: sampleNotification(at),
      }),
      ...(config.api && apiPart(config.api, settings)),
      applyHooks: async (order) => hooksOf(order, hookSettings),
      setupSeen: setupSeenIn,
      recipe: async (address) => recipeWith(address, configMapFor(address, hookSettings)),
      answer: toAnswer,
    };
  });

/** What a source with an API token can do. */
function apiPart(api: MissedApi, settings: Settings) {
  return {
    missed: createMissed(api, settings),
    tokenExpiresAt: async () => expiresAt(api.token),
  } satisfies Partial<Source>;
}

/**
 * People write `https://gitlab.example.com:8443/` where the host is asked for, and a path where GitLab runs under one.
 */
function gitlabAt(text: string): { host: string; root: string } {
  const [authority = '', ...path] = text
    .trim()
    .replace(/^[a-z+]+:\/\//i, '')
    .split('/');
  return { host: authority.toLowerCase().replace(/:.*$/, ''), root: path.filter(Boolean).join('/') };
}
