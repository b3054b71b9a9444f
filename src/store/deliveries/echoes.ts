import type { Redis } from 'ioredis';
import type { MadeByApi } from '../../domain/change-record.ts';
import { shortSha } from '../../values/sha.ts';
import { DAY_SECONDS } from '../../values/units.ts';
import { packedUnder } from '../changes/packed/packed-names.ts';
import { keys } from '../keys.ts';
import { createScript } from '../script.ts';

/** How to recognise our own write when the tool sends it back as a webhook. */
export interface Echo {
  /** The id or the full path of the project, as configured in the sink. */
  readonly project: string;
  readonly environment: string;
  readonly sha: string;
}

/**
 * Distinguishes our own writes to the Deployments API from those of others. The webhook may arrive before the response
 * to our request, after it, or when the response was lost. So each write is announced before the request, and its id is
 * stored after the response.
 */
export interface Echoes {
  /** `by` is the deployment that the write is for, so that it withdraws only its own announcement. */
  expect(echo: Echo, by: string): Promise<void>;
  unexpect(echo: Echo, by: string): Promise<void>;
  /** Stores the deployment id with its commit, which identify the echo from now on, and withdraws the announcement. */
  remember(echo: Echo, by: string, deploymentId: string): Promise<void>;
  isOurs(made: MadeByApi): Promise<boolean>;
}

/** After a lost response, the announcement stays until a retry finds the deployment: retries end after 72 h. */
const EXPECT_SECONDS = 7 * DAY_SECONDS;

const expectEcho = createScript('expect-echo');
const rememberEcho = createScript('remember-echo');

/** @param keepSeconds how long the id of a deployment that we created is stored */
export function createEchoes(redis: Redis, keepSeconds: number): Echoes {
  return {
    async expect(echo, by) {
      await expectEcho(redis, [expected(echo.project, echo.environment, echo.sha)], by, EXPECT_SECONDS);
    },
    async unexpect(echo, by) {
      await redis.srem(expected(echo.project, echo.environment, echo.sha), by);
    },
    async remember(echo, by, deploymentId) {
      const names = [remembered(echo.project, deploymentId), expected(echo.project, echo.environment, echo.sha)];
      await rememberEcho(redis, names, by, keepSeconds, shortSha(echo.sha));
    },
    async isOurs({ projects, deploymentId, environment, shortSha: sha }) {
      const byId = projects.map((project) => remembered(project, deploymentId));
      const announced = sha ? projects.map((project) => expected(project, environment, sha)) : [];
      if (byId.length === 0) return false;
      // In this order, as storing the id withdraws the announcement in the same write.
      const [areExpected, commits] = await Promise.all([announced.length && redis.exists(announced), redis.mget(byId)]);
      if (areExpected > 0 || commits.some((commit) => commit !== null && isSame(commit, sha))) return true;
      return (
        commits.every((commit) => commit === null) && (await packedUnder(redis, byId)).some((id) => id !== undefined)
      );
    },
  };
}

/** The value that an earlier release stored for an id, without its commit. */
const ANY_COMMIT = '1';

/** A forge that was restored from a backup reuses ids: an id with another commit is not our write. */
const isSame = (commit: string, sha: string | undefined): boolean =>
  commit === ANY_COMMIT || sha === undefined || commit === shortSha(sha);

/** Normalised as in the key. */
export const echoProject = (project: string): string => project.toLowerCase();
const remembered = (project: string, deploymentId: string) => keys.echoOfId(echoProject(project), deploymentId);
const expected = (project: string, environment: string, sha: string) =>
  keys.expectedEchoes(project.toLowerCase(), environment.toLowerCase(), shortSha(sha));
