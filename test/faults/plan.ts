import type { State } from '../../src/domain/change-record.ts';
import { gitlabDeploymentHook, SECRET } from '../support/bridge.ts';
import { sha } from '../support/deployment.ts';

/** One numbered deployment, and what must come of it. */
export interface Life {
  readonly number: number;
  /** Which source reports it. Only those of the changes API go to GitLab too: the others are GitLab's own. */
  readonly kind: 'changes' | 'gitlab';
  /** In the change log. */
  readonly key: string;
  /** At Alert24, of its success. */
  readonly externalId: string;
  /** At GitLab. */
  readonly sha: string;
  readonly end: State;
}

/** One webhook to send. */
export interface Told {
  readonly life: Life;
  readonly state: State;
}

export interface Plan {
  readonly lives: readonly Life[];
  /** In the order of sending. */
  readonly events: readonly Told[];
}

export interface PlanWishes {
  /** How many webhooks, with the doubled ones. */
  readonly events: number;
  readonly random: () => number;
  readonly kinds?: readonly Life['kind'][];
  /** The share of events that come again. */
  readonly duplicates?: number;
  /** The share of events that come later than others that were made after them. */
  readonly outOfOrder?: number;
  /** The share of deployments that do not succeed. */
  readonly failing?: number;
  /** The number of the first deployment: two plans for one bridge must not overlap. */
  readonly from?: number;
}

/** The project that everything goes to at the fake GitLab, unless a scenario wants others. */
export const PROJECT = { id: 77, path: 'harbor/lighthouse-api', acceptAnySha: true, branches: ['main'] };

const LATEST_REPEAT = 100;
const BASE_MS = Date.now() - 3_600_000;

/** Deployments that begin and end, 15 % of their webhooks doubled, 10 % out of order. */
export function createPlan(wishes: PlanWishes): Plan {
  const { events: count, random, kinds = ['changes', 'gitlab'], duplicates = 0.15, outOfOrder = 0.1 } = wishes;
  const lives = Array.from({ length: Math.ceil(count / 2 / (1 + duplicates)) }, (_, index) =>
    createLife(index + (wishes.from ?? 1), { ...wishes, kinds }),
  );
  const placed = lives.flatMap((life, index) => {
    const running = { event: { life, state: 'running' as const }, at: index * 2 };
    const end = { event: { life, state: life.end }, at: index * 2 + 1 + random() * 30 };
    return [running, end];
  });
  const late = () => 1 + random() * LATEST_REPEAT;
  const moved = placed.map(({ event, at }) => ({ event, at: random() < outOfOrder ? at + late() : at }));
  const repeated = moved.flatMap(({ event, at }) => (random() < duplicates ? [{ event, at: at + late() }] : []));
  const events = [...moved, ...repeated].sort((a, b) => a.at - b.at).map(({ event }) => event);
  return { lives, events };
}

function createLife(
  number: number,
  { kinds, failing = 0.1, random }: PlanWishes & { kinds: readonly Life['kind'][] },
): Life {
  const kind = kinds[number % kinds.length] ?? 'changes';
  const key = kind === 'changes' ? `changes:run-${number}` : `gitlab:git.harbor.example:77:job:${number}`;
  return {
    number,
    kind,
    key,
    externalId: kind === 'changes' ? `run-${number}` : `${key}:succeeded`,
    sha: sha(number),
    end: random() < failing ? (random() < 0.7 ? 'failed' : 'canceled') : 'succeeded',
  };
}

const AFTER_SECONDS: Readonly<Record<State, number>> = {
  pending: 0,
  running: 5,
  succeeded: 40,
  failed: 40,
  canceled: 40,
};

const GITLAB_WORDS: Readonly<Record<State, string>> = {
  pending: 'blocked',
  running: 'running',
  succeeded: 'success',
  failed: 'failed',
  canceled: 'canceled',
};

/** The webhook as its tool sends it: the same event is the same bytes. */
export function toRequest({ life, state }: Told): { path: string; headers: Record<string, string>; body: string } {
  const at = new Date(BASE_MS + life.number * 100 + AFTER_SECONDS[state] * 1000).toISOString();
  const headers = { 'content-type': 'application/json' };
  if (life.kind === 'gitlab') {
    const hook = gitlabDeploymentHook({
      status: GITLAB_WORDS[state],
      status_changed_at: at,
      deployment_id: life.number,
      deployable_id: life.number,
      deployable_url: `https://git.harbor.example/harbor/lighthouse-api/-/jobs/${life.number}`,
    });
    return { path: '/webhooks/gitlab', headers: { ...headers, 'x-gitlab-token': SECRET }, body: JSON.stringify(hook) };
  }
  const change = {
    summary: `Deployed beacon-${life.number}`,
    service: `beacon-${life.number}`,
    source: 'jenkins',
    environment: 'production',
    branch: 'main',
    commit_sha: life.sha,
    gitlab_project: PROJECT.path,
    external_id: life.externalId,
    status: state,
    occurred_at: at,
  };
  return {
    path: '/webhooks/changes',
    headers: { ...headers, authorization: `Bearer ${SECRET}` },
    body: JSON.stringify(change),
  };
}
