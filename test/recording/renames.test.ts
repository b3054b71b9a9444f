import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChangeRecord, NewChangeRecord, Witness } from '../../src/domain/change-record.ts';
import { createBuildView } from '../../src/record.ts';
import { createChangeLog } from '../../src/recording/change-log.ts';
import { createFollowRename } from '../../src/recording/follow-rename.ts';
import { createJoins } from '../../src/recording/joins.ts';
import { createDeployments } from '../../src/store/changes/deployments.ts';
import { createJoinGroups } from '../../src/store/changes/join-groups.ts';
import { createRepositories } from '../../src/store/changes/repositories.ts';
import { createRunning } from '../../src/store/changes/timeline/running.ts';
import { sha } from '../support/deployment.ts';
import { aRecord } from '../support/records.ts';
import { useRedis } from '../support/use-redis.ts';

const redis = useRedis();

const WITNESSES: Readonly<Record<string, Witness>> = { forge: 'job', curl: 'report', gitops: 'sync' };

function open({ knowsNames = true } = {}) {
  const repositories = createRepositories(redis, 400);
  const { formerName } = repositories;
  const names = knowsNames ? { formerName } : {};
  const deployments = createDeployments(redis, { days: 400, count: 1000 });
  const parts = { rules: [], routing: {} };
  const changeLog = createChangeLog(deployments, createBuildView({ ...parts, ...names, before: deployments.before }));
  const groups = createJoinGroups(redis);
  const joins = createJoins({
    ...{ ...parts, ...names, groups, changeLog },
    options: { mayJoin: () => true },
    settleMs: 0,
    witnessOf: (instance) => WITNESSES[instance],
  });
  const followRename = createFollowRename({ repositories, groups, changeLog, joins });
  const record = async (step: ChangeRecord) => {
    if (knowsNames) await followRename(step);
    const placed = await joins.assign(step);
    await changeLog.apply(placed.record);
    await placed.settle();
  };
  const log = async () => {
    const { deployments: all } = await deployments.list({ facets: {}, limit: 100, offset: 0 });
    const titleOf = ({ commit, replaced }: (typeof all)[number]) =>
      `${commit?.title}${replaced ? ` after ${replaced.sha?.slice(0, 4)}` : ''}`;
    return all
      .toReversed()
      .map(
        (one) => `${titleOf(one)}: ${one.changeType} of ${one.repository?.name}, ${one.sources.toSorted().join('+')}`,
      );
  };
  const running = async () =>
    (await createRunning(deployments).slots()).map(
      ({ service, environment, current }) => `${service} in ${environment.name}: ${current?.revision?.slice(0, 4)}`,
    );
  return { record, log, running, deployments };
}

const at = (minute: number) => new Date(Date.parse('2026-03-14T08:00:00.000Z') + minute * 60_000).toISOString();
const HOST = 'git.harbor.example';
const OLD = 'harbor/ledger';
const NEW = 'quay/books/ledger-core';

const common = (commit: string, path: string, minute: number, said: Partial<NewChangeRecord>): ChangeRecord =>
  aRecord({
    state: 'succeeded',
    environment: { name: 'production' },
    commit: { sha: sha(commit), title: commit },
    service: path.slice(path.lastIndexOf('/') + 1),
    occurredAt: at(minute),
    receivedAt: at(minute),
    ...said,
  });

/** What the forge reports: it knows the id of the project. */
const hook = (commit: string, path: string, minute: number, id = 7) =>
  common(commit, path, minute, {
    ...{ deployment: `forge:${id}:${commit}:${minute}`, id: `chg_${id}_${commit}_${minute}`, source: 'forge' },
    instance: 'forge',
    repository: { name: path, id: `${HOST}:${id}`, url: `https://${HOST}/${path}`, gitlabProject: String(id) },
    jobUrl: `https://${HOST}/${path}/-/jobs/${minute}`,
    finishedAt: at(minute),
  });
/** What others report: they know a path, perhaps the old one. */
const sync = (commit: string, path: string, minute: number) =>
  common(commit, path, minute, {
    ...{ deployment: `gitops:${commit}:${minute}`, id: `chg_gitops_${commit}_${minute}`, source: 'gitops' },
    ...{ instance: 'gitops', service: 'ledger-app' },
    repository: { name: path, gitlabProject: path },
  });
const curl = (commit: string, path: string, minute: number) =>
  common(commit, path, minute, {
    ...{ deployment: `curl:${commit}:${minute}`, id: `chg_curl_${commit}_${minute}`, source: 'curl' },
    ...{ instance: 'curl', authoritative: false },
    repository: { name: path, url: `https://${HOST}/${path}` },
    jobUrl: `https://${HOST}/${path}/-/jobs/${minute}`,
  });

describe('a repository that is renamed or moved', () => {
  it('keeps its lineage, and what runs there is shown once, under its present name', async () => {
    const { record, log, running } = open();
    for (const step of [hook('A', OLD, 0), hook('B', OLD, 60), hook('C', NEW, 120), hook('B', NEW, 180)])
      await record(step);
    expect(await log()).toEqual([
      `A: deployment of ${OLD}, forge`,
      `B after ${sha('A').slice(0, 4)}: deployment of ${OLD}, forge`,
      `C after ${sha('B').slice(0, 4)}: deployment of ${NEW}, forge`,
      `B after ${sha('C').slice(0, 4)}: rollback of ${NEW}, forge`,
    ]);
    expect(await running()).toEqual([`ledger-core in production: ${sha('B').slice(0, 4)}`]);
  });

  it('continues what was recorded before the names were noted', async () => {
    const earlier = open({ knowsNames: false });
    await earlier.record(hook('A', OLD, 0));
    const { record, running } = open();
    for (const step of [hook('B', OLD, 60), hook('C', NEW, 120)]) await record(step);
    expect(await running()).toEqual([`ledger-core in production: ${sha('C').slice(0, 4)}`]);
  });

  it('may be reported by its old and its new path, joined and in every order', async () => {
    const first = hook('A', OLD, 0);
    const moved = hook('B', NEW, 120);
    const others = [
      [sync('B', OLD, 121)],
      [sync('B', NEW, 121)],
      [curl('B', NEW, 120), sync('B', OLD, 121)],
      [curl('B', NEW, 120), sync('B', NEW, 121)],
    ];
    const arrivals = fc
      .constantFrom(...others)
      .chain((steps) => fc.shuffledSubarray([moved, ...steps, ...steps], { minLength: steps.length * 2 + 1 }));
    await fc.assert(
      fc.asyncProperty(arrivals, async (steps) => {
        await redis.flushdb();
        const { record, log } = open();
        for (const step of [first, ...steps]) await record(step);
        const sources = [...new Set([...steps.map(({ source }) => source)])].sort().join('+');
        const [, ...after] = await log();
        expect(after).toEqual([
          expect.stringMatching(new RegExp(`^B.*: deployment of ${NEW}, ${sources.replaceAll('+', '\\+')}$`)),
        ]);
      }),
      { numRuns: 25 },
    );
  });

  it('is found by the old path alone, and by the new one before the forge reported it', async () => {
    for (const path of [OLD, NEW]) {
      await redis.flushdb();
      const { record, running } = open();
      const post = { ...curl('B', path, 60), jobUrl: undefined, service: path.slice(path.lastIndexOf('/') + 1) };
      const steps = [hook('C', NEW, 120), aRecord(post)];
      for (const step of [hook('A', OLD, 0), ...(path === NEW ? steps.toReversed() : steps)]) await record(step);
      expect(await running()).toHaveLength(1);
    }
  });

  it('has nothing in common with another one that has its old name now', async () => {
    const { record, running, log } = open();
    for (const step of [hook('A', OLD, 0), hook('B', NEW, 60), hook('X', OLD, 120, 8), hook('C', NEW, 180)])
      await record(step);
    for (const step of [hook('Y', 'quay/other', 240, 8)]) await record(step);
    expect((await running()).sort()).toEqual([
      `ledger-core in production: ${sha('C').slice(0, 4)}`,
      `other in production: ${sha('Y').slice(0, 4)}`,
    ]);
    expect((await log())[2]).toBe(`X: deployment of ${OLD}, forge`);
  });

  it('that was deleted and made again under its name, on this host or another, continues', async () => {
    const { record, running } = open();
    for (const step of [hook('A', OLD, 0, 7), hook('B', OLD, 60, 8)]) await record(step);
    expect(await running()).toEqual([`ledger in production: ${sha('B').slice(0, 4)}`]);
  });

  it('follows its new name also when the process ended between the note of the name and what follows', async () => {
    const { record, log } = open();
    for (const step of [hook('A', OLD, 0), sync('B', NEW, 61)]) await record(step);
    await createRepositories(redis, 400).note({ id: `${HOST}:7`, name: NEW }, at(60));
    await record(hook('B', NEW, 60));
    expect((await log()).at(-1)).toContain('forge+gitops');
  });

  it('is not renamed back by a webhook from before, which arrives late', async () => {
    const { record, running } = open();
    for (const step of [hook('A', OLD, 0), hook('C', NEW, 120), hook('B', OLD, 60), curl('D', OLD, 180)])
      await record(step);
    expect(await running()).toEqual([`ledger in production: ${sha('D').slice(0, 4)}`]);
  });
});
