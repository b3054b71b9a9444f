import type { Alert } from '../../domain/alert.ts';
import type { Deployment } from '../../domain/deployment.ts';
import { type Owners, ownerOf } from '../../domain/owners.ts';
import { AFTER_MS, PLACE_REACH_MS, rankSuspects, SERVICE_REACH_MS, type Suspect } from '../../domain/suspects.ts';
import type { Deployments } from '../changes/deployments.ts';
import type { ChangeSelection } from '../changes/search/filter.ts';

/** The suspects of an alert, and what was compared with it. */
export interface Suspects {
  /** The most likely first. */
  readonly suspects: readonly Suspect[];
  readonly looked: {
    /** The services that the alert may be about. */
    readonly services: readonly string[];
    /** The names of the alert's environment in the change log; empty: it names none that is known there. */
    readonly environments: readonly string[];
    /** The team that owns the service. */
    readonly team?: string | undefined;
    /** How many changes were compared. */
    readonly compared: number;
  };
}

export type SuspectsOf = (alert: Alert) => Promise<Suspects>;

/** Per query of the change log: the newest count most. */
const MAX_COMPARED = 100;

/** Computed on reading: what is reported or renamed later counts as well. */
export function createSuspects(deployments: Pick<Deployments, 'list' | 'resolve'>, owners: Owners = []): SuspectsOf {
  return async (alert) => {
    const services = [...new Set(alert.services.map(({ name }) => name))];
    const team = services.map((name) => ownerOf(owners, name)?.team).find((found) => found !== undefined);
    const { environment } = alert;
    const environments = environment === undefined ? [] : await environmentsNamed(deployments, environment);
    const found = await readCandidates(deployments, { alert, services, environments, team });
    return {
      suspects: rankSuspects(found, { alert, environments, team }),
      looked: { services, environments, team, compared: found.length },
    };
  };
}

/** `prod` finds `production`, as everywhere. */
async function environmentsNamed({ resolve }: Pick<Deployments, 'resolve'>, name: string): Promise<readonly string[]> {
  const { selection, unknown } = await resolve({ facets: { environment: name } });
  const isUnknown = unknown.some(({ isPart }) => !isPart);
  return isUnknown ? [] : [selection.facets.environment ?? []].flat();
}

interface Candidates {
  readonly alert: Alert;
  readonly services: readonly string[];
  readonly environments: readonly string[];
  readonly team: string | undefined;
}

/**
 * Changes of the service, of its team and of the environment. Where the change log knows neither service nor
 * environment: all.
 */
async function readCandidates(
  { list, resolve }: Pick<Deployments, 'list' | 'resolve'>,
  { alert, services, environments, team }: Candidates,
): Promise<readonly Deployment[]> {
  const alertMs = Date.parse(alert.startedAt);
  const read = async (selection: Pick<ChangeSelection, 'facets'>, reachMs: number) => {
    const span = { sinceMs: alertMs - reachMs, untilMs: alertMs + AFTER_MS };
    return (await list({ ...selection, ...span, limit: MAX_COMPARED, offset: 0 })).deployments;
  };
  const ofTeam = async () =>
    team === undefined ? [] : read((await resolve({ facets: {}, owner: team })).selection, PLACE_REACH_MS);
  const answers = await Promise.all([
    services.length === 0 ? [] : read({ facets: { service: services } }, SERVICE_REACH_MS),
    ofTeam(),
    environments.length === 0 ? [] : read({ facets: { environment: environments } }, PLACE_REACH_MS),
  ]);
  const found = answers.flat();
  const all = found.length === 0 && environments.length === 0 ? await read({ facets: {} }, PLACE_REACH_MS) : found;
  return [...new Map(all.map((deployment) => [deployment.key, deployment])).values()];
}
