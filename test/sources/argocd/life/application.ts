import { createReference } from './reference.ts';

/** What happens to an application, in the order of time. */
export type Act =
  | { readonly kind: 'sync'; readonly automated: boolean }
  | { readonly kind: 'partial' | 'selfHeal' | 'dryRun' | 'rollback' | 'refresh' | 'delete' | 'look' }
  | { readonly kind: 'finish'; readonly how: 'applied' | 'failed' | 'terminated' }
  | { readonly kind: 'health'; readonly status: Health }
  | { readonly kind: 'wait'; readonly hours: number };
export type Health = 'Healthy' | 'Degraded' | 'Progressing' | 'Suspended';

/** As Argo CD keeps the last one. */
export interface Operation {
  phase: 'Running' | 'Succeeded' | 'Failed';
  readonly start: string;
  finish?: string;
  readonly kind: 'whole' | 'partial' | 'selfHeal' | 'dryRun';
  readonly automated: boolean;
  commit: string;
  retries: number;
  message: string;
}

const NOON_MS = Date.parse('2026-05-04T12:00:00Z');

/** An application as Argo CD keeps it. */
export function createApplication({ saysSince }: { readonly saysSince: boolean }) {
  let seconds = 0;
  let commits = 0;
  let operation: Operation | undefined;
  let deletedAt: string | undefined;
  const health = { status: 'Healthy' as Health, since: at(0) };
  const history: { id: number; commit: string; start: string; applied: string; automated: boolean }[] = [];
  const reference = createReference();

  function at(second: number): string {
    return `${new Date(NOON_MS + second * 1000).toISOString().slice(0, 19)}Z`;
  }
  const now = () => at(seconds);

  function begin(
    kind: Operation['kind'],
    { automated = false, commit }: { automated?: boolean; commit?: string } = {},
  ) {
    if (operation?.phase === 'Running' || deletedAt) return;
    const isDeployment = kind === 'whole' || kind === 'partial';
    if (kind === 'dryRun' && !reference.applied()) return;
    // Argo CD puts nothing back behind a sync that failed; a part that a person synced hides what was before it.
    if (kind === 'selfHeal' && !reference.isApplied()) return;
    const sha = commit ?? (isDeployment ? shaOf(++commits) : (reference.applied()?.commit ?? ''));
    operation = {
      phase: 'Running',
      start: now(),
      kind,
      automated,
      commit: sha,
      retries: 0,
      message: 'one or more tasks are running',
    };
    if (isDeployment) reference.begin({ start: now(), commit: sha, isWhole: kind === 'whole' });
  }

  function judge(): void {
    if (operation && operation.phase !== 'Running' && !deletedAt) reference.judge(operation, health, seconds);
  }

  function finish(how: 'applied' | 'failed' | 'terminated'): void {
    if (operation?.phase !== 'Running' || deletedAt) return;
    const { kind, start, commit, automated } = operation;
    const isAside = kind === 'selfHeal' || kind === 'dryRun';
    operation.phase = how === 'applied' ? 'Succeeded' : 'Failed';
    operation.finish = now();
    operation.message = {
      applied: 'successfully synced (all tasks run)',
      failed: 'one or more objects failed to apply',
      terminated: 'Operation terminated',
    }[how];
    if (!isAside) reference.finish(how, seconds);
    if (kind === 'whole' && how === 'applied')
      history.push({ id: history.length, commit, start, applied: now(), automated });
    judge();
  }

  function act(act: Act): void {
    seconds += act.kind === 'wait' ? act.hours * 3600 : 20;
    if (act.kind === 'sync') begin('whole', { automated: act.automated });
    if (act.kind === 'partial') begin('partial');
    if (act.kind === 'rollback') begin('whole', { commit: history.at(0)?.commit ?? shaOf(++commits) });
    if (act.kind === 'selfHeal' || act.kind === 'dryRun') {
      begin(act.kind, { automated: act.kind === 'selfHeal' });
      if (operation?.kind === act.kind && operation.phase === 'Running') finish('applied');
    }
    if (act.kind === 'finish') finish(act.how);
    if (act.kind === 'refresh') refresh();
    if (act.kind === 'health' && health.status !== act.status && !deletedAt) {
      Object.assign(health, { status: act.status, since: now() });
      judge();
    }
    if (act.kind === 'delete' && !deletedAt) {
      deletedAt = now();
      reference.overtake();
    }
  }

  function refresh(): void {
    if (operation?.phase !== 'Running' || operation.kind !== 'whole' || deletedAt) return;
    operation.commit = shaOf(++commits);
    operation.retries += 1;
    reference.begin({ start: operation.start, commit: operation.commit, isWhole: true });
  }

  return {
    act,
    truths: reference.truths,
    now,
    /** As `kubectl get application -o json` shows it. */
    manifest: () => manifestOf({ operation, history, health, deletedAt, now: now(), saysSince }),
  };
}

const shaOf = (commit: number) => String(commit).padStart(40, 'a');

const SOURCE = {
  repoURL: 'https://gitlab.harbor.example/harbor/lighthouse-api.git',
  path: 'deploy',
  targetRevision: 'main',
};

interface State {
  readonly operation: Operation | undefined;
  readonly history: readonly { id: number; commit: string; start: string; applied: string; automated: boolean }[];
  readonly health: { readonly status: Health; readonly since: string };
  readonly deletedAt: string | undefined;
  readonly now: string;
  readonly saysSince: boolean;
}

function manifestOf({ operation, history, health, deletedAt, now, saysSince }: State) {
  return {
    kind: 'Application',
    metadata: {
      name: 'lighthouse-api',
      namespace: 'argocd',
      uid: 'uid-of-lighthouse-api',
      annotations: { 'shiplog/environment': 'production' },
      ...(deletedAt && { deletionTimestamp: deletedAt }),
    },
    spec: { project: 'default', source: SOURCE, destination: { name: 'in-cluster', namespace: 'lighthouse' } },
    status: {
      reconciledAt: now,
      health: { status: health.status, ...(saysSince && { lastTransitionTime: health.since }) },
      sync: { status: 'Synced' },
      history: history.map(({ id, commit, start, applied, automated }) => ({
        id,
        revision: commit,
        deployStartedAt: start,
        deployedAt: applied,
        source: SOURCE,
        initiatedBy: automated ? { automated } : { username: 'mira' },
      })),
      ...(operation && { operationState: operationStateOf(operation) }),
    },
  };
}

function operationStateOf({ phase, start, finish, kind, automated, commit, retries, message }: Operation) {
  const isPart = kind === 'partial' || kind === 'selfHeal';
  return {
    phase,
    startedAt: start,
    ...(finish && { finishedAt: finish }),
    ...(retries > 0 && { retryCount: retries }),
    message,
    operation: {
      initiatedBy: automated ? { automated } : { username: 'mira' },
      sync: {
        ...(retries === 0 && { revision: commit }),
        ...(kind === 'dryRun' && { dryRun: true }),
        ...(isPart && { resources: [{ kind: 'Deployment', name: 'api' }] }),
      },
    },
    syncResult: { revision: commit, source: SOURCE, resources: [] },
  };
}
