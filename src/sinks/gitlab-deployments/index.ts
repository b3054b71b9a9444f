import { z } from 'zod';
import { type Deployment, isFinal } from '../../domain/deployment.ts';
import { DeliveryFailed } from '../../domain/errors.ts';
import { gitlabAddress } from '../../forges/gitlab.ts';
import { isSuccess } from '../../outbound/http.ts';
import { BaseUrl, bothOrNeither, Credential, Name } from '../../values/settings.ts';
import { fullSha } from '../../values/sha.ts';
import { normalized } from '../normalized.ts';
import { Concurrency, EnvironmentNames, type SharedOptions, TimeoutSeconds } from '../options.ts';
import type { Sink } from '../sink.ts';
import { createApi, type GitlabApi, refusal } from './api.ts';
import { deliver, preview } from './deliver.ts';
import { createMovedProjects } from './moved.ts';
import { TokenInfo } from './schema.ts';
import { type Destination, echoOf, isHere, laneOf, projectOf } from './target.ts';

const Host = z
  .string()
  .regex(/^[^/\s@]+$/, 'write a host such as gitlab.example.com, without https:// and without a path')
  .transform((host) => host.toLowerCase());

/** GitLab's Deployments API. With neither url nor token the sink is off. */
export const gitlabDeployments = z
  .strictObject({
    type: z.literal('gitlab-deployments'),
    name: Name.default('gitlab'),
    url: BaseUrl.transform(gitlabAddress).optional(),
    token: Credential('token').optional(),
    /** Our name of an environment → the name it has in GitLab. */
    environments: EnvironmentNames(),
    /** Other names under which repositories name this GitLab. */
    hosts: z.array(Host).default([]),
    concurrency: Concurrency(5),
    timeout_seconds: TimeoutSeconds(),
  })
  .transform(({ url, token, ...config }, context): Sink | undefined => {
    const destination = bothOrNeither({ url, token }, context, 'to switch this sink off');
    return destination && createSink({ ...config, ...destination });
  });

interface Config extends Destination, SharedOptions {
  readonly token: string;
}

function createSink(settings: Omit<Config, 'moved'>): Sink {
  const config: Config = { ...settings, moved: createMovedProjects() };
  const api = createApi(config);
  return {
    type: 'gitlab-deployments',
    productName: 'GitLab',
    name: config.name,
    secrets: [config.token],
    concurrency: config.concurrency,
    ratePerMinute: undefined, // each GitLab sets its own, and its 429 says when to try again
    takenBy: 'body',
    wants(deployment) {
      const why = whyNot(normalized(deployment), config);
      return why === undefined ? { wanted: true } : { wanted: false, why };
    },
    follows: (deployment) => mayHaveRow(normalized(deployment), config),
    lane: (deployment) => laneOf(normalized(deployment), config),
    echo: (deployment) => echoOf(normalized(deployment), config),
    deliver: (deployment, ledger, context) =>
      deliver({ api, map: config, deployment: normalized(deployment), ledger, ...context }),
    preview: (deployment) => preview({ api, map: config, deployment: normalized(deployment) }),
    tokenExpiresAt: (signal) => tokenExpiresAt(api, signal),
    check: (signal) => check(api, signal),
  };
}

/** GitLab refuses updates of rows that its own jobs made, and a copy would be a second deployment. */
function whyNot(deployment: Deployment, map: Destination): string | undefined {
  if (deployment.source === 'gitlab') return 'GitLab made it itself';
  if (deployment.state === 'pending') return 'GitLab takes no deployment that has not begun';
  if (isOfJob(deployment, map)) return 'a job of this GitLab made it, so that GitLab has it already';
  if (deployment.repository?.projectDenied)
    return 'its source may write to some projects only, and not to this one: see `projects` of the source';
  if (projectOf(deployment, map) === undefined)
    return (
      'no GitLab project is known for it: set the annotation shiplog/gitlab-project, or write a rule with ' +
      'gitlab_project'
    );
  if (fullSha(deployment.commit?.sha) === undefined)
    return 'no full commit is known for it (yet), and GitLab records no deployment without one';
  return undefined;
}

const isOfJob = ({ source, reportedSource, pipelineUrl, jobUrl }: Deployment, map: Destination): boolean =>
  source === 'gitlab' || reportedSource === 'gitlab-ci' || isHere(pipelineUrl, map) || isHere(jobUrl, map);

/** Another tool reported it before a job of this GitLab did. Its row must not run for ever. */
const mayHaveRow = (deployment: Deployment, map: Destination): boolean =>
  deployment.sources.length > 1 &&
  isFinal(deployment.state) &&
  isOfJob(deployment, map) &&
  projectOf(deployment, map) !== undefined &&
  fullSha(deployment.commit?.sha) !== undefined;

/** GitLab's day begins in UTC, and the token expires at its beginning (app/models/concerns/expirable.rb). */
async function tokenExpiresAt(api: GitlabApi, signal: AbortSignal): Promise<Date | undefined> {
  const answer = await api.get('/personal_access_tokens/self', signal);
  if (!isSuccess(answer) && answer.status !== 404) throw refusal(answer, 'GitLab does not say when the token ends');
  const { data: day } = z.iso.date().safeParse(TokenInfo.safeParse(answer.json).data?.expires_at);
  return day === undefined ? undefined : new Date(day);
}

async function check(api: GitlabApi, signal: AbortSignal): Promise<string> {
  const { host } = new URL(api.url);
  const self = await api.get('/personal_access_tokens/self', signal);
  // GitLab before 15.5 has no such page, and it shows no OAuth tokens.
  const answer = self.status === 404 ? await api.get('/user', signal) : self;
  if (!isSuccess(answer)) throw refusal(answer, `GitLab at ${host} refused the token`);
  const { name, scopes, expires_at } = TokenInfo.safeParse(answer.json).data ?? {};
  if (scopes && !scopes.includes('api'))
    throw new DeliveryFailed(
      `the token ${name ?? ''} has the scopes ${scopes.join(', ')}: make one with the scope "api"`,
      {
        retry: 'never',
      },
    );
  const until = expires_at ? `, valid until ${expires_at}` : '';
  return `GitLab at ${host} answers and takes the token${name ? ` "${name}"` : ''}${until}`;
}
