import type { Lookup } from '../../../src/domain/change-event.ts';
import { ChangeRecord } from '../../../src/domain/change-record.ts';
import { ResolveFailed } from '../../../src/domain/errors.ts';
import { gitlab } from '../../../src/sources/gitlab/index.ts';
import type { Source } from '../../../src/sources/source.ts';
import { type FakeGitlab, type FakeProject, GITLAB_TOKEN } from '../../support/fake-gitlab.ts';
import { RECEIVED_AT, SECRET, webhook } from './hooks.ts';

export const SHA = '4f0c9e1d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d';
export const API: FakeProject = { id: 30, path: 'harbor/lighthouse-api', acceptAnySha: true };

/** The source with the API of that GitLab, as the configuration would make it. */
export function sourceAt(url: string, api: object = {}, config: object = {}) {
  const source = gitlab.parse({
    type: 'gitlab',
    secrets: [SECRET],
    api: { url, token: GITLAB_TOKEN, ...api },
    ...config,
  });
  const { resolve, missed, applyHooks } = source;
  if (!resolve || !missed || !applyHooks) throw new Error('the API is not configured');
  return { ...source, resolve, missed, applyHooks };
}

export const call = () => ({ signal: new AbortController().signal, now: RECEIVED_AT, webhookAt: RECEIVED_AT });

/** The last webhook that GitLab would send, as this source maps it. */
export function lastHook(source: Source, fake: FakeGitlab) {
  const hook = fake.hooks.at(-1)?.body;
  const mapped = source.map(hook, webhook(hook, { 'x-gitlab-event': 'Deployment Hook' }));
  const record = mapped.kind === 'records' ? mapped.records[0] : undefined;
  if (mapped.kind !== 'records' || !record) throw new Error(`no record: ${JSON.stringify(mapped)}`);
  return { record: ChangeRecord.parse(record), lookup: mapped.lookups?.[0] ?? noLookup() };
}

function noLookup(): Lookup {
  throw new Error('the hook asks nothing');
}

/** The record that answers a lookup. */
export async function answerOf(source: ReturnType<typeof sourceAt>, lookup: Lookup) {
  const mapped = await source.resolve(lookup, call());
  const record = mapped.kind === 'records' ? mapped.records[0] : undefined;
  if (mapped.kind === 'records' && record) return ChangeRecord.parse(record);
  throw new Error(`no record: ${JSON.stringify(mapped)}`);
}

/** All that a run finds, and what it warns of. */
export async function missedBy(source: ReturnType<typeof sourceAt>, since: Date, now = new Date()) {
  const pages: ChangeRecord[][] = [];
  const warnings: string[] = [];
  const run = { ...call(), now, warn: (finding: string) => void warnings.push(finding) };
  for await (const page of source.missed(since, run)) pages.push(page.map((record) => ChangeRecord.parse(record)));
  return { pages, records: pages.flat(), warnings };
}

export async function failureOf(asked: Promise<unknown>): Promise<ResolveFailed> {
  const error = await asked.then(
    (answer) => answer,
    (error: unknown) => error,
  );
  if (error instanceof ResolveFailed) return error;
  throw new Error(`no ResolveFailed but ${JSON.stringify(error)}`);
}
