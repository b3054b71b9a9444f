import { JiraSubmission } from './destination-schemas.ts';
import { type FakeReply, type FakeRequest, type FakeServer, startFakeServer } from './fake-server.ts';

export const JIRA_CLIENT = 'harbor-client-0001';
export const JIRA_SECRET = 'a-client-secret-of-thirty-letters';
export const JIRA_CLOUD = '8c1b61ee-0000-4000-8000-f1129c2081ab';

type JiraDeployment = JiraSubmission['deployments'][number];

export interface FakeJira extends FakeServer {
  /** What it keeps, by pipeline, environment and number. */
  readonly deployments: ReadonlyMap<string, JiraDeployment>;
  /** Tokens that it gave, the last one last. */
  readonly tokens: readonly string[];
  /** No token that it gave is taken any longer. */
  revoke(): void;
}

interface Options {
  /** Projects of which it knows every issue. */
  readonly projects?: readonly string[];
  /** Seconds that a token lasts. */
  readonly expiresIn?: number;
  /** Why it rejects a deployment. */
  readonly rejects?: (deployment: JiraDeployment) => string | undefined;
}

/** Atlassian's token endpoint, a site that tells its cloud id, and the deployments API, as their schemas say. */
export async function startFakeJira({ projects = ['LAMP', 'PAY'], ...options }: Options = {}): Promise<FakeJira> {
  const deployments = new Map<string, JiraDeployment>();
  const tokens: string[] = [];
  let valid = new Set<string>();

  function grant({ text }: FakeRequest): FakeReply {
    const { audience, grant_type, client_id, client_secret, ...others } = JSON.parse(text);
    if (audience !== 'api.atlassian.com' || grant_type !== 'client_credentials' || Object.keys(others).length > 0)
      return { status: 400, body: { error: 'invalid_request' } };
    if (client_id !== JIRA_CLIENT || client_secret !== JIRA_SECRET)
      return { status: 401, body: { error: 'access_denied', error_description: 'Unauthorized' } };
    const token = `look-alike.token.${tokens.length + 1}`;
    tokens.push(token);
    valid.add(token);
    return {
      status: 200,
      body: { access_token: token, expires_in: options.expiresIn ?? 3_600, token_type: 'Bearer', scope: 'write' },
    };
  }

  function submit({ headers, text }: FakeRequest): FakeReply {
    if (!valid.has(headers.authorization?.replace('Bearer ', '') ?? ''))
      return { status: 401, body: { code: 401, message: 'Unauthorized' } };
    const submission = JiraSubmission.safeParse(JSON.parse(text));
    if (!submission.success) return { status: 400, body: { errorMessages: [submission.error.message] } };
    const [deployment] = submission.data.deployments;
    if (!deployment) return { status: 400 };
    return { status: 202, body: store(deployment) };
  }

  function store(deployment: JiraDeployment) {
    const { pipeline, environment, deploymentSequenceNumber } = deployment;
    const key = { pipelineId: pipeline.id, environmentId: environment.id, deploymentSequenceNumber };
    const keys = deployment.associations.flatMap(({ values }) => values);
    const unknownIssueKeys = keys.filter((one) => !projects.includes(one.split('-')[0] ?? ''));
    const rejection =
      options.rejects?.(deployment) ?? (unknownIssueKeys.length === keys.length ? 'No known issue keys.' : undefined);
    const rejected = rejection === undefined ? [] : [{ key, errors: [{ message: rejection }] }];
    const name = JSON.stringify(Object.values(key));
    const held = deployments.get(name);
    if (rejected.length === 0 && (held?.updateSequenceNumber ?? 0) < deployment.updateSequenceNumber)
      deployments.set(name, deployment);
    return {
      acceptedDeployments: rejected.length === 0 ? [key] : [],
      rejectedDeployments: rejected,
      unknownIssueKeys,
      unknownAssociations: unknownIssueKeys.length
        ? [{ associationType: 'issueIdOrKeys', values: unknownIssueKeys }]
        : [],
    };
  }

  const server = await startFakeServer((request) => {
    const { method, path } = request;
    if (method === 'GET' && path === '/_edge/tenant_info') return { status: 200, body: { cloudId: JIRA_CLOUD } };
    if (method === 'POST' && path === '/oauth/token') return grant(request);
    if (method === 'POST' && path === `/jira/deployments/0.1/cloud/${JIRA_CLOUD}/bulk`) return submit(request);
    return { status: 404, body: { message: `No such place: ${path}` } };
  });
  const revoke = () => {
    valid = new Set();
  };
  return { ...server, deployments, tokens, revoke };
}
