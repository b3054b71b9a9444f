import { causeOf, type DeadLetterFields, isFiltered } from '../../domain/dead-letter-filter.ts';
import type { DeadLetter } from '../../queue/dead-letters.ts';
import { RECORD_QUEUE } from '../../queue/queues.ts';
import { webhookPath } from '../../values/own-page.ts';
import { plural } from '../../values/plural.ts';
import { BATCH } from '../actions.ts';
import { deliveriesPath, dropPath, orderOf } from '../dead-letter-query.ts';
import type { Html } from '../html.ts';
import { ActionForm, HiddenFields, type Viewer } from './action-form.tsx';
import { DestinationWords } from './destination-labels.tsx';
import { ChoiceField, FilterForm, SearchField } from './filter-form.tsx';
import { DeploymentLink, findNamed, type Named, type NamedDeployments } from './named-deployments.tsx';
import { When } from './time.tsx';

/** Dead letters on the page; the buttons for all of them reach the others as well. */
const SHOWN = 100;

export interface DeadLettersView {
  /** Of both kinds. */
  readonly letters: readonly DeadLetter[];
  /** Older ones, which were not checked against the filter. */
  readonly unread: number;
  readonly query: DeadLetterFields;
  readonly who: Viewer;
  readonly now: Date;
  readonly named: Named;
  readonly sinks: readonly string[];
}

export function DeadLetters({ letters, unread, query, who, now, named, sinks }: DeadLettersView): Html {
  const fits = ofKind(letters, query);
  const fitting = { count: fits.length, unread };
  const refused = letters.filter(({ kind }) => kind === 'refused').length;
  return (
    <>
      <p class="mute">
        Not retried any more, and kept for 30 days: {refused.toLocaleString('en')} rejected by the destination,{' '}
        {(letters.length - refused).toLocaleString('en')} failed in Shiplog.
        {unread > 0 && ` ${unread.toLocaleString('en')} older ones are not looked through here.`}
      </p>
      <Filters query={query} sinks={sinks} />
      {fits.length > 0 ? (
        <>
          <Bulk {...{ fitting, query, who, now }} />
          <ByCause letters={fits} {...{ query, who, now, named, unread }} />
        </>
      ) : (
        <NoLetters query={query} unread={unread} />
      )}
    </>
  );
}

const KINDS = [
  { value: 'refused', label: 'rejected by it' },
  { value: 'fault', label: 'failed in Shiplog' },
];

const Filters = ({ query, sinks }: { query: DeadLetterFields; sinks: readonly string[] }): Html => (
  <FilterForm
    action="/deliveries"
    label="Dead letters"
    submit="Filter"
    isFiltered={isFiltered(query) || query.until !== undefined}
  >
    <ChoiceField name="sink" of={[...sinks, RECORD_QUEUE].map((value) => ({ value }))} chosen={query.sink} />
    <ChoiceField name="kind" of={KINDS} chosen={query.kind} />
    <SearchField name="reason" value={query.reason} placeholder="part of it" />
    <HiddenFields of={{ cause: query.cause, source: query.source, deployment: query.deployment, since: query.since }} />
  </FilterForm>
);

export interface MatchCount {
  readonly count: number;
  readonly unread: number;
}
export const howMany = ({ count, unread }: MatchCount): string =>
  `${count.toLocaleString('en')}${unread > 0 ? ' or more' : ''}`;
export const isSingle = ({ count, unread }: MatchCount): boolean => count === 1 && unread === 0;

export function NoLetters({ query, unread }: { query: DeadLetterFields; unread: number }): Html {
  if (unread > 0) {
    return (
      <p class="empty">
        None fits among the newest. <code>npx shiplog dead-letters ls</code> looks through the older ones as well.{' '}
        <a href="/deliveries">Show all</a>
      </p>
    );
  }
  if (query.until !== undefined) {
    return (
      <p class="empty">
        None is left of those. <a href={deliveriesPath({ ...query, until: undefined })}>Show what died since</a>
      </p>
    );
  }
  if (isFiltered(query)) {
    return (
      <p class="empty">
        No dead letter matches this filter. <a href="/deliveries">Show all</a>
      </p>
    );
  }
  return (
    <p class="empty">None. What a destination rejects for good is kept here, to be retried when the cause is fixed.</p>
  );
}

interface Shown {
  readonly query: DeadLetterFields;
  readonly who: Viewer;
  readonly now: Date;
  readonly named: Named;
}

/** For all that match. `until` excludes those that die again meanwhile, so that repeated clicks come to an end. */
function Bulk({ fitting, query, who, now }: Omit<Shown, 'named'> & { fitting: MatchCount }): Html {
  if (who.role !== 'admin') return <></>;
  const bounded = { ...query, until: query.until ?? now.toISOString() };
  const many = fitting.count + fitting.unread > BATCH;
  const which = many
    ? `the next ${BATCH} of ${howMany(fitting)}`
    : isSingle(fitting)
      ? 'this one'
      : `all ${howMany(fitting)}`;
  return (
    <div class="bulk">
      <ActionForm who={who} to="/actions/replay" fields={{ ...orderOf(bounded), back: deliveriesPath(bounded) }}>
        <button>Try {which} again</button>{' '}
        <label class="check">
          <input type="checkbox" name="remap" value="1" /> map the webhooks again first
        </label>
      </ActionForm>
      <a class="danger" href={dropPath(bounded)}>
        Drop {isSingle(fitting) ? 'it' : `all ${howMany(fitting)}`} …
      </a>
    </div>
  );
}

/** Groups of dead letters with the same cause, the largest first. */
function sharedCauses(letters: readonly DeadLetter[]): readonly (readonly DeadLetter[])[] {
  const byCause = new Map<string, DeadLetter[]>();
  for (const one of letters) {
    const cause = JSON.stringify([one.sink, one.kind, causeOf(one)]);
    const alike = byCause.get(cause);
    if (alike) alike.push(one);
    else byCause.set(cause, [one]);
  }
  return [...byCause.values()].filter(({ length }) => length > 1).sort((a, b) => b.length - a.length);
}

/** Those with the same cause as others, and the others. */
function byCause(letters: readonly DeadLetter[], { cause }: DeadLetterFields) {
  const causes = cause === undefined ? sharedCauses(letters) : [];
  const grouped = new Set(causes.flat());
  return { causes, alone: letters.filter((one) => !grouped.has(one)) };
}

const ofKind = (letters: readonly DeadLetter[], query: DeadLetterFields): readonly DeadLetter[] =>
  letters.filter(({ kind }) => query.kind === undefined || kind === query.kind);

/** Those that the page lists one by one. */
export const listedLetters = (letters: readonly DeadLetter[], query: DeadLetterFields): readonly DeadLetter[] =>
  byCause(ofKind(letters, query), query).alone.slice(0, SHOWN);

/** One line and one action for all with the same cause; a single one has a row. */
function ByCause({ letters, unread, ...shown }: Shown & { letters: readonly DeadLetter[]; unread: number }): Html {
  const { causes, alone } = byCause(letters, shown.query);
  return (
    <>
      {causes.length > 0 && (
        <ul class="plain causes" aria-label="By cause">
          {causes.slice(0, SHOWN).map((cause) => (
            <Cause cause={cause} isAll={cause.length === letters.length} unread={unread} {...shown} />
          ))}
        </ul>
      )}
      {alone.length > 0 && <Letters letters={alone.slice(0, SHOWN)} {...shown} />}
      {alone.length > SHOWN && (
        <p class="mute">
          The newest {SHOWN} of {howMany({ count: alone.length, unread })}.
        </p>
      )}
    </>
  );
}

interface CauseView extends Shown {
  readonly cause: readonly DeadLetter[];
  /** There is no other: the buttons for all of them are above. */
  readonly isAll: boolean;
  readonly unread: number;
}

function Cause({ cause, isAll, unread, query, who, now }: CauseView): Html {
  const [one] = cause;
  if (!one) return <></>;
  const { sink, kind } = one;
  const reason = causeOf(one);
  const narrowed = { ...query, sink, kind, ...(reason !== '' && { cause: reason }) };
  return (
    <li>
      <a href={deliveriesPath(narrowed)}>{plural(cause.length, 'dead letter')}</a> of {sink}:{' '}
      <DestinationWords>{reason}</DestinationWords>
      {!isAll && <Bulk fitting={{ count: cause.length, unread }} query={narrowed} who={who} now={now} />}
    </li>
  );
}

const Letters = ({ letters, ...shown }: Shown & { letters: readonly DeadLetter[] }): Html => (
  <table class="letters" aria-label="Dead letters">
    <thead>
      <tr>
        <th>Died</th>
        <th>Sink</th>
        <th>Why</th>
        <th>What</th>
        <th>
          <span class="hidden">What to do</span>
        </th>
      </tr>
    </thead>
    <tbody>
      {letters.map((letter) => (
        <Letter letter={letter} {...shown} />
      ))}
    </tbody>
  </table>
);

const Letter = ({ letter, query, who, now, named }: Shown & { letter: DeadLetter }): Html => (
  <tr>
    <td class="when">
      <When at={letter.diedAt} now={now} />
    </td>
    <td class="state">
      {letter.sink}{' '}
      {letter.kind === 'refused' ? (
        <span class="badge failed">rejected</span>
      ) : (
        <span class="badge running">failed in Shiplog</span>
      )}
    </td>
    <td class="why">
      <span class="mute">after {plural(letter.attempts, 'attempt')}:</span>{' '}
      <DestinationWords>{letter.why}</DestinationWords>
    </td>
    <td class="source">
      <Subject of={letter} named={named} />
    </td>
    <td class="links">
      <ActionForm who={who} to="/actions/replay" fields={{ id: letter.id, back: deliveriesPath(query) }}>
        <button>Try again</button>
      </ActionForm>
      {who.role === 'admin' && [
        ' ',
        <a class="danger" href={dropPath({ id: letter.id })}>
          Drop …
        </a>,
      ]}
    </td>
  </tr>
);

/** What a dead letter is about. */
export const Subject = ({ of: { deployment, webhook, source }, named }: { of: DeadLetter; named: Named }): Html => (
  <>
    {deployment !== undefined ? (
      <DeploymentLink of={deployment} named={named} />
    ) : (
      webhook !== undefined && (
        <a href={webhookPath(webhook)}>
          webhook <bdi>{webhook}</bdi>
        </a>
      )
    )}{' '}
    <span class="mute">{source}</span>
  </>
);

/** The deployments of the letters that are listed one by one. */
export const findSubjects = (letters: readonly DeadLetter[], deployments: NamedDeployments): Promise<Named> =>
  findNamed(
    letters.map(({ deployment }) => ({ deployments: deployment === undefined ? [] : [deployment] })),
    deployments,
  );
