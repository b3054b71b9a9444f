import { type DeadLetterFields, toDeadLetterFilter } from '../../domain/dead-letter-filter.ts';
import type { DeadLetters } from '../../queue/dead-letters.ts';
import { plural } from '../../values/plural.ts';
import { BATCH } from '../actions.ts';
import { deliveriesPath, orderOf } from '../dead-letter-query.ts';
import type { Html } from '../html.ts';
import { ActionForm, type Viewer } from '../parts/action-form.tsx';
import { findSubjects, howMany, isSingle, NoLetters, Subject } from '../parts/dead-letters.tsx';
import { DestinationWords } from '../parts/destination-labels.tsx';
import { Heading } from '../parts/layout.tsx';
import type { NamedDeployments } from '../parts/named-deployments.tsx';

/** Listed before they are dropped. */
const DROPS_NAMED = 5;

export interface DropParts {
  readonly deadLetters: Pick<DeadLetters, 'newest'>;
  readonly deployments: NamedDeployments;
}

/** Dropping cannot be undone: it has to be confirmed. */
export async function dropPage(
  { deadLetters, deployments }: DropParts,
  { query, who, now }: { readonly query: DeadLetterFields; readonly who: Viewer; readonly now: Date },
): Promise<Html> {
  const { letters, unread } = await deadLetters.newest(toDeadLetterFilter(query, now));
  const fitting = { count: letters.length, unread };
  const [subject, pronoun] = isSingle(fitting) ? ['dead letter is', 'it'] : ['dead letters are', 'them'];
  const back = deliveriesPath(query.id === undefined ? query : {});
  const heading = <Heading>Drop dead letters</Heading>;
  if (fitting.count === 0) return <>{[heading, <NoLetters query={query} unread={unread} />]}</>;
  const named = await findSubjects(letters.slice(0, DROPS_NAMED), deployments);
  return (
    <>
      {heading}
      <p>
        {howMany(fitting)} {subject} deleted permanently. The destination never receives {pronoun}; the changes stay in
        the change log.
      </p>
      <ul class="rows">
        {letters.slice(0, DROPS_NAMED).map((letter) => (
          <li>
            <Subject of={letter} named={named} /> to {letter.sink}: <DestinationWords>{letter.why}</DestinationWords>
          </li>
        ))}
        {letters.length > DROPS_NAMED && <li>and {howMany({ count: letters.length - DROPS_NAMED, unread })} more</li>}
      </ul>
      <div class="bulk">
        <ActionForm who={who} to="/actions/drop" fields={{ ...orderOf(query), back }}>
          <button class="danger">
            Drop {fitting.count + unread > BATCH ? `the first ${BATCH}` : plural(fitting.count, 'dead letter')}
          </button>
        </ActionForm>{' '}
        <a href={back}>No, keep {pronoun}</a>
      </div>
    </>
  );
}
