import { afterEach, describe, expect, it } from 'vitest';
import { Config } from '../../src/config/config.ts';
import type { Deployment } from '../../src/domain/deployment.ts';
import { DeliveryFailed } from '../../src/domain/errors.ts';
import type { PreviewedRequest, Sink } from '../../src/sinks/sink.ts';
import { aDeployment } from '../support/deployment.ts';
import { ALERT24_KEY, startFakeAlert24 } from '../support/fake-alert24.ts';
import { GITLAB_TOKEN, startFakeGitlab } from '../support/fake-gitlab.ts';
import type { LoggedRequest } from '../support/fake-server.ts';
import { createMemoryLedger } from '../support/ledger.ts';
import { SECRET } from './support.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

function sinkOf(said: Record<string, unknown>): Sink {
  const sources = [{ type: 'gitlab', secrets: [SECRET] }];
  const [sink] = Config.parse({ admin_token: `admin ${SECRET}`, sources, sinks: [said] }).sinks;
  if (!sink) throw new Error('the sink is off');
  return sink;
}

async function alert24() {
  const server = await startFakeAlert24();
  stops.push(() => server.close());
  return { server, sink: sinkOf({ type: 'alert24', url: server.url, api_key: ALERT24_KEY }), secret: ALERT24_KEY };
}

async function gitlab(project: { defaultBranch?: string | null } = {}) {
  const projects = [{ id: 77, path: 'harbor/lighthouse-api', acceptAnySha: true, branches: ['main'], ...project }];
  const server = await startFakeGitlab({ projects });
  stops.push(() => server.close());
  const sink = sinkOf({ type: 'gitlab-deployments', url: server.url, token: GITLAB_TOKEN });
  return { server, sink, secret: GITLAB_TOKEN };
}

const elsewhere = (over: Partial<Deployment> = {}) =>
  aDeployment({ source: 'argocd', repository: { name: 'x', gitlabProject: 'harbor/lighthouse-api' }, ...over });

/** What came over the wire, in the shape of a preview. */
function sentAs({ method, path, headers, text }: LoggedRequest, url: string, shape: PreviewedRequest) {
  const named = Object.keys(shape.headers).map((name) => [name, headers[name]]);
  return { method, url: `${url}${path}`, headers: Object.fromEntries(named), body: JSON.parse(text) };
}

async function delivered(sink: Sink, deployment: Deployment): Promise<void> {
  await createMemoryLedger().attempt(sink, deployment, { now: new Date(deployment.receivedAt) });
}

describe('a preview', () => {
  it.each([
    ['alert24', alert24],
    ['gitlab-deployments', gitlab],
  ] as const)('of %s is the request that is sent, without the secret', async (_, start) => {
    const { server, sink, secret } = await start();
    const deployment = elsewhere({ ref: 'main' });
    const { notes, ...shown } = sink.preview(deployment);
    expect(notes).toBeUndefined();
    expect(server.requests).toEqual([]);
    await delivered(sink, deployment);
    const [sent] = server.requests.filter(({ method }) => method === 'POST');
    if (!sent) throw new Error('nothing was sent');
    const secretly = JSON.parse(JSON.stringify(shown).replaceAll('[secret]', secret));
    expect(JSON.stringify(shown)).not.toContain(secret);
    expect(sentAs(sent, server.url, shown)).toEqual(secretly);
  });

  it('of a deployment without a ref notes that GitLab decides, and shows what is sent without its response', async () => {
    const { server, sink } = await gitlab({ defaultBranch: null });
    const { ref: _, tag: __, ...deployment } = elsewhere();
    const { notes, ...shown } = sink.preview(deployment);
    expect(notes).toEqual([expect.stringContaining('default branch of harbor/lighthouse-api')]);
    await delivered(sink, deployment);
    const [sent] = server.requests.filter(({ method }) => method === 'POST');
    expect(JSON.parse(sent?.text ?? '')).toEqual(shown.body);
    expect(shown.body).toMatchObject({ ref: deployment.commit?.sha, tag: false });
  });

  it('of a deployment that GitLab would refuse fails like the delivery', async () => {
    const { sink } = await gitlab();
    const { commit: _, ...deployment } = elsewhere();
    expect(() => sink.preview(deployment)).toThrow(DeliveryFailed);
    const refusal = delivered(sink, deployment);
    await expect(refusal).rejects.toThrow(/no full commit sha/);
    expect(() => sink.preview(deployment)).toThrow(/no full commit sha/);
  });
});
