import { z } from 'zod';
import type { State } from '../../domain/change-record.ts';
import type { Deployment } from '../../domain/deployment.ts';
import { DeliveryFailed } from '../../domain/errors.ts';
import { BaseUrl, bothOrNeither, Credential, Name } from '../../values/settings.ts';
import { normalized } from '../normalized.ts';
import { Concurrency, States, TimeoutSeconds } from '../options.ts';
import type { Sink } from '../sink.ts';
import { outcome } from './answer.ts';
import { type ApiConfig, ATLASSIAN_URL, createApi } from './api.ts';
import { claimed, identityOf, remoteIdOf } from './identity.ts';
import { issueKeysOf } from './issue-keys.ts';
import { toSubmission } from './request.ts';

const Project = z
  .string()
  .transform((key) => key.toUpperCase())
  .pipe(z.string().regex(/^[A-Z][A-Z0-9]{1,9}$/, 'write the key of a project, such as PAY'));

/** Deployments of Jira Software Cloud, on the issues that they are about. Without credentials the sink is off. */
export const jira = z
  .strictObject({
    type: z.literal('jira'),
    name: Name.default('jira'),
    url: BaseUrl.default(ATLASSIAN_URL),
    /** The address of the site, which shows its cloud id. */
    site: BaseUrl.optional(),
    cloud_id: z
      .string()
      .regex(/^[\w-]{1,100}$/, 'write the cloudId that https://<site>/_edge/tenant_info shows')
      .optional(),
    client_id: Credential('client id').optional(),
    client_secret: Credential('client secret').optional(),
    /** The only projects whose keys count. Default: all. */
    projects: z.array(Project).min(1).optional(),
    states: States(),
    concurrency: Concurrency(5),
    timeout_seconds: TimeoutSeconds(),
  })
  .transform(({ client_id, client_secret, ...config }, context): Sink | undefined => {
    const credentials = bothOrNeither({ client_id, client_secret }, context, 'to switch this sink off');
    if (!credentials) return undefined;
    if (config.site === undefined && config.cloud_id === undefined) {
      const message = 'set site to the address of your Jira, such as https://harbor.atlassian.net, or set cloud_id';
      context.issues.push({ code: 'custom', path: ['site'], message, input: undefined });
      return undefined;
    }
    return createSink({ ...config, ...credentials });
  });

interface Config extends ApiConfig {
  readonly name: string;
  readonly projects?: readonly string[] | undefined;
  readonly states: readonly State[];
  readonly concurrency: number;
}

function createSink(config: Config): Sink {
  const { name, states, client_secret } = config;
  const api = createApi(config);
  const projects = config.projects && new Set(config.projects);
  return {
    type: 'jira',
    productName: 'Jira',
    name,
    secrets: [client_secret],
    concurrency: config.concurrency,
    ratePerMinute: undefined,
    takenBy: 'body',
    wants(deployment) {
      const { state } = deployment;
      if (!states.includes(state))
        return { wanted: false, why: `${name} only accepts: ${states.join(', ')}; this one is ${state}` };
      return issueKeysOf(deployment, projects).length > 0
        ? { wanted: true }
        : { wanted: false, why: `not applicable: ${withoutKey(projects)}` };
    },
    async deliver(deployment, ledger, { signal, pageUrl }) {
      const reported = normalized(deployment);
      const issueKeys = keysOf(reported, projects);
      const identity = await claimed(ledger, identityOf(reported));
      const answer = await api.submit(toSubmission(reported, { identity, issueKeys, pageUrl }), signal);
      return outcome(answer, { key: deployment.key, issueKeys, remoteId: remoteIdOf(identity) });
    },
    preview(deployment, { pageUrl } = {}) {
      const reported = normalized(deployment);
      const issueKeys = keysOf(reported, projects);
      return api.preview(toSubmission(reported, { identity: identityOf(reported), issueKeys, pageUrl }));
    },
    async check(signal) {
      const cloudId = await api.check(signal);
      return (
        `Atlassian gives a token, and the site has the cloud id ${cloudId}; whether the credentials may write ` +
        'deployments shows when one is sent'
      );
    },
  };
}

type Projects = ReadonlySet<string> | undefined;

const withoutKey = (projects: Projects): string => {
  const of = projects ? ` of ${[...projects].join(', ')}` : '';
  return (
    `no issue key${of} stands in its branch, merge request or commit (yet), and Jira takes no deployment ` +
    'without one'
  );
};

/** @throws DeliveryFailed for a deployment without one: `wants` says no to it */
function keysOf(deployment: Deployment, projects: Projects): readonly string[] {
  const keys = issueKeysOf(deployment, projects);
  if (keys.length > 0) return keys;
  throw new DeliveryFailed(`not sent: ${withoutKey(projects)}`, { retry: 'never' });
}
