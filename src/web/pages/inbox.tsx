import { z } from 'zod';
import { NO_SOURCE } from '../../domain/no-source.ts';
import type { Spooled } from '../../spool/spool.ts';
import type { Deployments } from '../../store/changes/deployments.ts';
import { type InboxEntry, VERDICTS } from '../../store/inbox/entry.ts';
import type { Inbox } from '../../store/inbox/inbox.ts';
import { SEARCHED_BODY_BYTES } from '../../store/inbox/search.ts';
import { webhookPath } from '../../values/own-page.ts';
import { plural } from '../../values/plural.ts';
import { TypedText } from '../../values/text.ts';
import type { Html } from '../html.ts';
import { ChoiceField, FilterForm, SearchField } from '../parts/filter-form.tsx';
import { LOOKS, Reason, size, sourceLabel, VerdictBadge } from '../parts/inbox-labels.tsx';
import { Heading, Pager } from '../parts/layout.tsx';
import { findNamed, type Named } from '../parts/named-deployments.tsx';
import { SpooledNote } from '../parts/spooled-note.tsx';
import { When } from '../parts/time.tsx';

const PAGE_SIZE = 100;

const Text = TypedText.min(1).optional().catch(undefined);
/** Everything that the page shows is in its URL, so that it can be shared. */
const Query = z.object({
  q: Text,
  source: Text,
  verdict: z.enum(VERDICTS).optional().catch(undefined),
  page: z.coerce.number().int().min(1).max(100_000).catch(1),
  /** In a search: how many of the newest are skipped. */
  from: z.coerce.number().int().min(0).max(10_000_000).catch(0),
});
type Query = z.infer<typeof Query>;

function addressOf(query: Query, change: Partial<Query> = {}): string {
  const { page, from, ...rest } = { ...query, page: 1, from: 0, ...change };
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(rest)) if (value !== undefined) search.set(name, value);
  if (page > 1) search.set('page', String(page));
  if (from > 0) search.set('from', String(from));
  return search.size > 0 ? `/inbox?${search}` : '/inbox';
}

export interface InboxParts {
  readonly inbox: Inbox;
  readonly deployments: Pick<Deployments, 'many'>;
  readonly sourceNames: readonly string[];
  readonly spool: () => Spooled;
}

/** Every webhook with its verdict. */
export async function inboxPage(parts: InboxParts, asked: unknown, now: Date): Promise<Html> {
  const query = Query.parse(asked);
  const isSearch = query.q !== undefined || query.source !== undefined || query.verdict !== undefined;
  const found = isSearch ? await searched(parts, query, now) : await listed(parts, query, now);
  return (
    <>
      <Heading aside={<span>{plural(found.total, 'webhook')}</span>}>Inbox</Heading>
      <SpooledNote of={parts.spool()} />
      <Filters query={query} sources={parts.sourceNames} />
      {found.body}
    </>
  );
}

async function listed({ inbox, deployments }: InboxParts, query: Query, now: Date) {
  const { entries, total } = await inbox.list({ limit: PAGE_SIZE, offset: (query.page - 1) * PAGE_SIZE });
  const named = await findNamed(entries, deployments);
  const body = (
    <>
      {entries.length === 0 ? (
        <p class="empty">
          {total === 0 ? 'No webhook came in yet.' : 'There is no such page.'} <a href="/setup">Set one up</a>
        </p>
      ) : (
        <Entries {...{ entries, named, now }} />
      )}
      <Pager current={query.page} pages={Math.ceil(total / PAGE_SIZE)} address={(page) => addressOf(query, { page })} />
    </>
  );
  return { total, body };
}

async function searched({ inbox, deployments }: InboxParts, query: Query, now: Date) {
  const { q: text, source, verdict, from } = query;
  const { entries, total, next } = await inbox.search({ text, source, verdict }, { offset: from, limit: PAGE_SIZE });
  const named = await findNamed(entries, deployments);
  const shown = (number: number) => number.toLocaleString('en');
  const found = entries.length === 0 ? 'none' : entries.length;
  const last = shown(next ?? total);
  const range =
    from === 0 ? `the newest ${last} webhooks` : `webhooks ${shown(from + 1)} to ${last}, counted from the newest`;
  const reach = `Found in ${range}: ${found}.`;
  const body = (
    <>
      <p class="mute">
        {reach}
        {text !== undefined && ` Bodies above ${SEARCHED_BODY_BYTES / 1024} KiB are not searched.`}
      </p>
      {entries.length > 0 && <Entries {...{ entries, named, now }} />}
      {(next !== undefined || from > 0) && (
        <nav class="pager" aria-label="More">
          {from > 0 && <a href={addressOf(query)}>← newest</a>}{' '}
          {next !== undefined && (
            <a rel="next" href={addressOf(query, { from: next })}>
              search older →
            </a>
          )}
        </nav>
      )}
    </>
  );
  return { total, body };
}

const Filters = ({ query, sources }: { query: Query; sources: readonly string[] }): Html => (
  <FilterForm
    action="/inbox"
    kind="search"
    submit="Search"
    isFiltered={(query.q ?? query.source ?? query.verdict) !== undefined}
  >
    <SearchField name="q" label="delivery id, sha, project or deployment" value={query.q} width="wide" />
    <ChoiceField
      name="source"
      of={[...sources.map((value) => ({ value })), { value: NO_SOURCE, label: 'no source' }]}
      chosen={query.source}
    />
    <ChoiceField name="verdict" of={VERDICTS.map((value) => ({ value }))} chosen={query.verdict} />
  </FilterForm>
);

interface EntriesView {
  readonly entries: readonly InboxEntry[];
  readonly named: Named;
  readonly now: Date;
}

const Entries = ({ entries, named, now }: EntriesView): Html => (
  <table class="inbox" aria-label="Webhooks">
    <thead>
      <tr>
        <th>When</th>
        <th>Verdict</th>
        <th>Source</th>
        <th>Why</th>
        <th class="number">Size</th>
      </tr>
    </thead>
    <tbody>
      {entries.map((entry) => (
        <tr class={LOOKS[entry.verdict]}>
          <td class="when">
            <a href={webhookPath(entry.id)}>
              <When at={entry.receivedAt} now={now} />
            </a>
          </td>
          <td class="state">
            <VerdictBadge verdict={entry.verdict} />
            {entry.spooled && [' ', <span class="mute">spooled</span>]}
          </td>
          <td class="source">{sourceLabel(entry)}</td>
          <td class="why">
            <Reason of={entry} named={named} />
          </td>
          <td class="number">{size(entry.bytes)}</td>
        </tr>
      ))}
    </tbody>
  </table>
);
