import { ChangeRecord } from '../domain/change-record.ts';
import { isFinal, transition } from '../domain/deployment.ts';
import { ResolveFailed } from '../domain/errors.ts';
import type { Source } from '../sources/source.ts';
import type { Deployments } from '../store/changes/deployments.ts';
import { abortingAfter } from '../values/within.ts';
import type { Conclusion } from './conclusion.ts';

/** What asking one source's tool for the past has brought. */
export interface Reconciled {
  readonly source: string;
  /** ISO 8601 UTC. */
  readonly since: string;
  /** Steps of deployments that the tool's API listed. */
  readonly listed: number;
  /** Deployments that were missing or behind, and are recorded now. */
  readonly recorded: readonly string[];
  /** What a person should mend. */
  readonly warnings: readonly string[];
  /** Why the list is not whole. */
  readonly failed?: string;
}

export interface ReconcileParts {
  readonly sources: readonly Source[];
  readonly deployments: Deployments;
  readonly recordStep: (step: ChangeRecord) => Promise<Conclusion>;
  readonly clock: () => Date;
}

/** One source's run may take so long, milliseconds; the next run goes on from the same moment. */
const RUN_WITHIN_MS = 10 * 60_000;

export const canReconcile = (source: Source): boolean => source.missed !== undefined;

/** Records what the tools deployed and never reported us. Run again it changes nothing. */
export function createReconcile({ sources, deployments, recordStep, clock }: ReconcileParts) {
  return async function reconcile(name: string, since: Date): Promise<Reconciled> {
    const source = sources.find((candidate) => candidate.name === name);
    const report = {
      source: name,
      since: since.toISOString(),
      listed: 0,
      recorded: [] as string[],
      warnings: [] as string[],
    };
    const missed = source?.missed;
    if (!missed) return { ...report, failed: `source ${name} has no token for its tool's API: set api.token` };
    const warn = (finding: string) => void report.warnings.push(finding);
    try {
      await abortingAfter(RUN_WITHIN_MS, async (signal) => {
        for await (const page of missed(since, { signal, now: clock(), warn })) {
          report.listed += page.length;
          for (const record of page) report.recorded.push(...(await recordMissing(ChangeRecord.parse(record))));
        }
      });
    } catch (error) {
      if (!(error instanceof ResolveFailed)) throw error;
      return { ...report, failed: error.message };
    }
    return report;
  };

  /** A deployment that is known as far as this needs nothing: most are, and their webhooks said more. */
  async function recordMissing(record: ChangeRecord): Promise<string[]> {
    const view = await deployments.get(record.deployment);
    const reported = view && { state: view.deployment.state, at: view.deployment.occurredAt };
    const isNews = transition(reported, { state: record.state, at: record.occurredAt }) === 'apply';
    // A hook has one word for a job that failed and one that never ran: the tool's API knows which.
    const saysWhy = record.endReason !== undefined && view?.deployment.endReason === undefined;
    if (!isNews && !(saysWhy && view && isFinal(view.deployment.state))) return [];
    // Found by its other name: GitLab's API may hide the job that the webhooks name.
    const step = view ? { ...record, deployment: view.deployment.key } : record;
    const { verdict, deployments: keys = [] } = await recordStep(step);
    return verdict === 'recorded' ? [...keys] : [];
  }
}
export type Reconcile = ReturnType<typeof createReconcile>;
