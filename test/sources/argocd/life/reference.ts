import type { Act, Health, Operation } from './application.ts';
export type End = 'running' | 'succeeded' | 'failed' | 'canceled' | 'superseded';
/** How a deployment ended, as whoever saw everything would say. */
export interface Truth {
  readonly start: string;
  readonly commit: string;
  /** All of the application, and not a part that a person chose. */
  readonly isWhole: boolean;
  end: End;
  /** All that could be said of it at one time. */
  readonly ever: Set<End>;
  appliedAt?: number;
}

const ENDS = { applied: 'running', failed: 'failed', terminated: 'canceled' } as const;

/** The reference: what the deployments of an application are, by what happens to it. Times are seconds. */
export function createReference() {
  const truths: Truth[] = [];
  const applied = () => truths.findLast(({ appliedAt, isWhole }) => appliedAt !== undefined && isWhole);
  /** What happens a day after a deployment that has ended is not its doing. */
  const isLongOver = ({ end, appliedAt }: Truth, now: number) =>
    (end === 'succeeded' || end === 'failed') && appliedAt !== undefined && now - appliedAt > 24 * 3600;
  const overtake = () =>
    truths.filter(({ end }) => end === 'running').map((truth) => Object.assign(truth, { end: 'superseded' }));
  return {
    truths: (): readonly Readonly<Truth>[] => truths,
    applied,
    isApplied: () => applied() !== undefined && applied() === truths.at(-1),
    overtake,
    begin(begun: Pick<Truth, 'start' | 'commit' | 'isWhole'>): void {
      overtake();
      truths.push({ ...begun, end: 'running', ever: new Set() });
    },
    finish(how: Extract<Act, { kind: 'finish' }>['how'], now: number): void {
      Object.assign(truths.at(-1) ?? {}, { end: ENDS[how], ...(how === 'applied' && { appliedAt: now }) });
    },
    /** What the health says of the deployments that it may speak of. */
    judge({ kind, phase }: Operation, health: { readonly status: Health; readonly since: string }, now: number): void {
      const isAside = kind === 'selfHeal' || kind === 'dryRun';
      const own = isAside ? applied() : phase === 'Succeeded' ? truths.at(-1) : undefined;
      if (health.status === 'Healthy')
        for (const truth of [own, applied()]) if (truth?.appliedAt !== undefined) truth.end = 'succeeded';
      const isBlamed = !isAside || (kind === 'selfHeal' && this.isApplied());
      if (health.status === 'Degraded' && own && isBlamed && health.since >= own.start && !isLongOver(own, now))
        own.end = 'failed';
      for (const truth of truths) truth.ever.add(truth.end);
    },
  };
}
