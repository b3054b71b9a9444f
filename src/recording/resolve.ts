import type { ChangeEvent } from '../domain/change-event.ts';
import { ChangeRecord } from '../domain/change-record.ts';
import { ResolveFailed } from '../domain/errors.ts';
import type { Lookup, Mapped, Source } from '../sources/source.ts';
import { ACCOUNT_ID_NOTE, isAccountId } from '../values/account-id.ts';
import { abortingAfter } from '../values/within.ts';

/** What the tool's API said to the questions that a webhook left open. */
export interface Resolved {
  /** What the webhook said, with the names of people whom it knew by an id alone. */
  readonly fromWebhook: readonly ChangeRecord[];
  readonly records: readonly ChangeRecord[];
  /** Why an answer made no record. */
  readonly ignored?: Extract<Mapped, { kind: 'ignored' }>;
  /** The first question that got no answer; its `retry` says when to ask again. */
  readonly unanswered?: ResolveFailed;
}

type Questions = Pick<ChangeEvent, 'source' | 'lookups' | 'receivedAt'> & Partial<Pick<ChangeEvent, 'records'>>;

/** A tool that is slow must not hold up those whose webhooks are complete. */
const RESOLVE_WITHIN_MS = 5_000;

/** Asks each lookup's source. Never throws for an API that is away: what is known is recorded without it. */
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

/** Whichever tool knows the account. One that is away leaves the id where it is. */
async function named(record: ChangeRecord, sources: readonly Source[]): Promise<ChangeRecord> {
  const { actor, notes } = record;
  if (!isAccountId(actor) || !notes.includes(ACCOUNT_ID_NOTE)) return record;
  for (const { personName } of sources) {
    const name = personName && (await abortingAfter(RESOLVE_WITHIN_MS, (signal) => personName(actor, signal)));
    if (name) return { ...record, actor: name, notes: notes.filter((note) => note !== ACCOUNT_ID_NOTE) };
  }
  return record;
}

const ASK_AGAIN_MS = 5_000;
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
