import type { Request, Response } from 'express';
import { z } from 'zod';
import { type Deployment, isFinal } from '../domain/deployment.ts';
import { createIsAmbiguous } from '../domain/entry-service.ts';
import { byService, driftOf, type Slot } from '../domain/running.ts';
import { selectSlots } from '../domain/running-filter.ts';
import { qualifierOf } from '../domain/service.ts';
import { isStale } from '../domain/stale.ts';
import { compareUrlOf } from '../domain/succession.ts';
import { tierOf } from '../domain/tier.ts';
import type { Deployments } from '../store/changes/deployments.ts';
import { CHANGE_FILTER } from '../store/changes/search/filter.ts';
import type { Running } from '../store/changes/timeline/running.ts';
import { fail, readQuery } from './error-response.ts';
import { toUnknown } from './unknown-names.ts';

export const RunningQuery = z.strictObject({
  service: CHANGE_FILTER.service,
  environment: CHANGE_FILTER.environment,
  tier: CHANGE_FILTER.tier,
  owner: CHANGE_FILTER.owner,
});

export interface RunningParts {
  readonly running: Running;
  readonly deployments: Pick<Deployments, 'many'>;
}

/** A slot in which nothing has succeeded yet is not listed. */
export async function sendRunning(parts: RunningParts, request: Request, response: Response): Promise<void> {
  const query = readQuery(RunningQuery, request.query);
  if ('message' in query) return fail(response, { status: 400, type: 'validation_error', message: query.message });
  const { data, unknown } = await readRunning(parts, query.data, new Date());
  response.json({ data, meta: { total: data.length, ...(unknown.length > 0 && { unknown: unknown.map(toUnknown) }) } });
}

/** What runs in the slots of the query, and which of its names are unknown. */
export async function readRunning(parts: RunningParts, asked: z.output<typeof RunningQuery>, now: Date) {
  const { running } = parts;
  const all = await running.slots();
  const selected = selectSlots(all, asked, running.ownerOf);
  const isWanted = new Set(selected.slots);
  const wanted = [...byService(all).values()].flatMap((own) =>
    own.filter((slot) => slot.current !== undefined && isWanted.has(slot)).map((slot) => ({ slot, own })),
  );
  const byKey = await readDeployments(
    parts.deployments,
    wanted.flatMap(({ slot, own }) => [slot, driftOf(slot, own)?.from]),
  );
  const qualifier = qualifierIn(all, byKey);
  const data = wanted.flatMap(({ slot, own }) => toRunning(slot, own, { byKey, now, qualifier }) ?? []);
  return { data, unknown: selected.unknown };
}

/**
 * Distinguishes a service from others with its name, by one of its deployments. Undefined where the name is enough.
 * @param all what runs anywhere: another one of the name may not be shown
 */
export function qualifierIn(all: readonly Slot[], byKey: ReadonlyMap<string, Deployment>) {
  const isAmbiguous = createIsAmbiguous(all);
  return (own: readonly Slot[]): string | undefined => {
    if (!own[0] || !isAmbiguous(own[0])) return undefined;
    const deployment = own.map((slot) => byKey.get(newestIn(slot) ?? '')).find((one) => one !== undefined);
    return deployment && qualifierOf(deployment);
  };
}

const newestIn = ({ current, attempt }: Slot): string | undefined => (current ?? attempt)?.key;

/** The deployments that run in these places, and those that are under way; where nothing runs, the last attempt. */
export async function readDeployments(
  deployments: Pick<Deployments, 'many'>,
  slots: readonly (Slot | undefined)[],
): Promise<ReadonlyMap<string, Deployment>> {
  const open = ({ attempt }: Slot) => (attempt && !isFinal(attempt.state) ? attempt.key : []);
  const names = new Set(slots.flatMap((slot) => (slot ? [newestIn(slot) ?? [], open(slot)].flat() : [])));
  return new Map((await deployments.many([...names])).map((one) => [one.key, one]));
}

interface RunningContext {
  readonly byKey: ReadonlyMap<string, Deployment>;
  readonly now: Date;
  readonly qualifier: ReturnType<typeof qualifierIn>;
}

function toRunning(slot: Slot, own: readonly Slot[], { byKey, now, qualifier }: RunningContext) {
  const { service, environment, current, attempt } = slot;
  const deployment = byKey.get(current?.key ?? '');
  if (!deployment) return undefined; // deleted meanwhile
  const { commit, replaced } = deployment;
  return {
    service,
    service_id: deployment.serviceId ?? null,
    qualifier: qualifier([slot]) ?? null,
    environment: environment.name,
    environment_tier: tierOf(environment),
    tier_is_guessed: deployment.environment.tier === undefined || deployment.environment.tierGuessed === true,
    environment_url: deployment.environment.url ?? null,
    deployment: deployment.key,
    commit_sha: commit?.sha ?? null,
    commit_url: commit?.url ?? null,
    commit_message: commit?.title ?? commit?.message ?? null,
    branch: deployment.ref ?? null,
    artifacts: deployment.artifacts,
    change_type: deployment.changeType,
    repository: deployment.repository?.name ?? null,
    since: deployment.succeededAt ?? deployment.occurredAt,
    failed_at: deployment.state === 'failed' ? deployment.occurredAt : null,
    changed_by: deployment.actor ?? null,
    owner: deployment.owner ?? null,
    replaced: replaced?.deployment ?? null,
    last_attempt: attempt
      ? {
          deployment: attempt.key,
          status: attempt.state,
          stale: isStale(byKey.get(attempt.key) ?? {}, now),
          revision: attempt.revision ?? null,
          changed_by: attempt.actor ?? null,
          occurred_at: new Date(attempt.atMs).toISOString(),
        }
      : null,
    drift: toDrift(slot, own, byKey),
  };
}

function toDrift(slot: Slot, own: readonly Slot[], byKey: ReadonlyMap<string, Deployment>) {
  const drift = driftOf(slot, own);
  if (!drift) return null;
  const { from, which, deployments = null } = drift;
  const [ownDeployment, otherDeployment] = [slot, from].map(({ current }) => byKey.get(current?.key ?? ''));
  return {
    environment: from.environment.name,
    commit_sha: otherDeployment?.commit?.sha ?? null,
    which,
    deployments,
    compare_url: compareOf(ownDeployment, otherDeployment) ?? null,
  };
}

/** The page on which the forge compares two deployments. */
export function compareOf(own: Deployment | undefined, other: Deployment | undefined): string | undefined {
  const sha = other?.commit?.sha;
  return own && sha ? compareUrlOf(own, sha) : undefined;
}
