import type { ChangeEvent, Lookup } from '../domain/change-event.ts';
import { ChangeRecord } from '../domain/change-record.ts';
import { ResolveFailed } from '../domain/errors.ts';
import type { Mapped } from '../sources/mapped.ts';
import type { Source } from '../sources/source.ts';
import { ACCOUNT_ID_NOTE, isAccountId } from '../values/account-id.ts';
import { abortingAfter } from '../values/within.ts';

/** The answers of the tool's API to the lookups of a webhook. */
export interface Resolved {
  /** The records of the webhook, with account ids replaced by the names of people. */
  readonly fromWebhook: readonly ChangeRecord[];
  readonly records: readonly ChangeRecord[];
  /** Why an answer yielded no record. */
  readonly ignored?: Extract<Mapped, { kind: 'ignored' }>;
  /** The error of the first lookup without an answer; its `retry` says when to ask again. */
  readonly unanswered?: ResolveFailed;
}

type Questions = Pick<ChangeEvent, 'source' | 'lookups' | 'receivedAt'> & Partial<Pick<ChangeEvent, 'records'>>;

/** A slow tool must not delay webhooks that need no lookup. */
const RESOLVE_WITHIN_MS = 5_000;

/** Runs the lookups of a webhook. Does not throw when an API is unreachable: the rest is recorded without it. */
export function createResolve(sources: readonly Source[], clock: () => Date) {
  return async function resolve({
    source: name,
    records = [],
    lookups = [],
    receivedAt,
  }: Questions): Promise<Resolved> {
    const source = sources.find((candidate) => candidate.name === name);
    const webhookAt = receivedAt === undefined ? clock() : new Date(receivedAt);
    let found: Resolved = {
      fromWebhook: await Promise.all(records.map((record) => named(record, sources))),
      records: [],
    };
    for (const lookup of lookups) {
      try {
        found = add(found, await ask(source, lookup, { now: clock(), webhookAt }));
      } catch (error) {
        if (!(error instanceof ResolveFailed)) throw error;
        found = { unanswered: error, ...found };
      }
    }
    return found;
  };
}
export type Resolve = ReturnType<typeof createResolve>;

async function ask(
  source: Source | undefined,
  lookup: Lookup,
  times: { readonly now: Date; readonly webhookAt: Date },
): Promise<Mapped> {
  const resolve = source?.resolve;
  if (!resolve) throw new ResolveFailed('no token is configured for it any more', { retry: 'never' });
  return abortingAfter(RESOLVE_WITHIN_MS, (signal) => resolve(lookup, { signal, ...times }));
}

/** Asks each tool for the name of the account. When none answers, the id stays. */
async function named(record: ChangeRecord, sources: readonly Source[]): Promise<ChangeRecord> {
  const { actor, notes } = record;
  if (!isAccountId(actor) || !notes.includes(ACCOUNT_ID_NOTE)) return record;
  for (const { personName } of sources) {
    const name = personName && (await abortingAfter(RESOLVE_WITHIN_MS, (signal) => personName(actor, signal)));
    if (name) return { ...record, actor: name, notes: notes.filter((note) => note !== ACCOUNT_ID_NOTE) };
  }
  return record;
}

const ASK_AGAIN_MS = 5_000; // some tools send a webhook before their API knows of it
const askedAgain = new ResolveFailed('the tool does not know the end of it yet; asked again', {
  retry: { afterMs: ASK_AGAIN_MS, hold: 'job' },
});

function add(found: Resolved, answer: Mapped): Resolved {
  if (answer.kind === 'ignored') return { ...found, ignored: answer };
  const unfinished = answer.lookups?.length ? { unanswered: found.unanswered ?? askedAgain } : {};
  return {
    ...found,
    ...unfinished,
    records: [...found.records, ...answer.records.map((record) => ChangeRecord.parse(record))],
  };
}
