import type { Deployment } from '../../domain/deployment.ts';
import { DeliveryFailed } from '../../domain/errors.ts';
import type { RoutingResult } from '../../domain/rules/routing.ts';
import { wantedBy } from '../../domain/wanted.ts';
import type { DeadLetter } from '../../queue/dead-letters.ts';
import type { Hold } from '../../queue/sink-gate.ts';
import type { Sink } from '../../sinks/sink.ts';
import type { Delivery } from '../../store/deliveries/ledger.ts';
import { deploymentPath } from '../../values/own-page.ts';
import { hideSecrets } from '../../values/secret-shapes.ts';
import type { Html } from '../html.ts';
import { ActionForm, type Viewer } from './action-form.tsx';
import { StateBadge } from './deployment-labels.tsx';
import { DestinationWords } from './destination-labels.tsx';
import { Link } from './link.tsx';
import { Moment } from './time.tsx';

/** What is known of one deployment at one destination. */
export interface SinkKnowledge {
  readonly sink: Sink;
  readonly delivery: Delivery | undefined;
  /** Deliveries of this deployment that were given up. */
  readonly letters: readonly DeadLetter[];
  /** The whole sink is on hold. */
  readonly hold: Hold | undefined;
}

export interface SinkView extends SinkKnowledge {
  readonly routed: RoutingResult;
  readonly who: Viewer;
  readonly now: Date;
}

/** What was delivered to one destination, with all attempts, and what blocks it. */
export function SinkCard(view: SinkView): Html {
  const { sink, delivery } = view;
  return (
    <article class="card">
      <h3>
        {sink.name}{' '}
        {delivery?.remoteUrl && (
          <span class="aside">
            <Link to={delivery.remoteUrl}>{delivery.remoteId ?? 'open there'}</Link>
          </span>
        )}
      </h3>
      <p>
        <Standing {...view} />
        {!delivery?.remoteUrl && delivery?.remoteId && [' ', <span class="mute">there: {delivery.remoteId}</span>]}
      </p>
      {delivery?.attemptedAt && (
        <p class="complaint">
          The request of <Moment at={delivery.attemptedAt} /> has no answer yet; the next attempt looks first what
          became of it.
        </p>
      )}
      <GivenUp {...view} />
      <Attempts {...view} />
    </article>
  );
}

const OUTCOMES = { delivered: 'succeeded', failed: 'failed', unwanted: 'other' } as const;

/** A sink has nothing to send where the destination has a later state (sinks/one-alert.ts). */
const NOT_SENT = 'not sent: ';

function Attempts(view: SinkView): Html {
  const attempts = view.delivery?.attempts ?? [];
  if (attempts.length === 0) return <></>;
  const shown = new Set(isGivenUp(view) ? view.letters.map(({ why }) => why) : []);
  const rows = attempts.map(({ at, state, outcome, status, words }) => {
    const isShown = outcome === 'failed' && shown.has(words);
    shown.add(words);
    const isSent = outcome !== 'delivered' || !words.startsWith(NOT_SENT);
    return (
      <tr>
        <td class="at">
          <Moment at={at} />
        </td>
        <td>{state}</td>
        <td>
          <span class={`badge ${isSent ? OUTCOMES[outcome] : 'other'}`}>{isSent ? outcome : 'not sent'}</span>
        </td>
        <td class="words">
          {isShown ? (
            <span class="mute">as above</span>
          ) : (
            <Answer status={status} words={isSent ? words : words.slice(NOT_SENT.length)} />
          )}
        </td>
      </tr>
    );
  });
  return (
    <table class="attempts">
      <tbody>{rows}</tbody>
    </table>
  );
}

const Answer = ({ status, words }: { status: number | undefined; words: string }): Html => (
  <>
    {status !== undefined && !words.includes(String(status)) && `${status} `}
    <DestinationWords>{words}</DestinationWords>
  </>
);

const isDelivered = ({ delivery, routed }: SinkView) => delivery?.delivered?.state === routed.deployment.state;

/** What was delivered needs no retry. */
const isGivenUp = (view: SinkView) => view.letters.length > 0 && !isDelivered(view);

/** One sentence: whether the destination has received it. */
function Standing(view: SinkView): Html {
  const { delivery, hold, letters } = view;
  const state = view.routed.deployment.state;
  const delivered = delivery?.delivered;
  if (delivered && isDelivered(view))
    return (
      <>
        Received: <StateBadge state={delivered.state} />
      </>
    );
  const before = delivered && [' It received ', <StateBadge state={delivered.state} />, ' before.'];
  const why = whyNotDelivered(view);
  if (why !== undefined)
    return (
      <>
        Not delivered: {why}.{before}
      </>
    );
  if (letters.length > 0) {
    return (
      <>
        <strong>
          Not delivered <StateBadge state={state} />: given up.
        </strong>
        {before}
      </>
    );
  }
  return (
    <>
      <strong>
        Waiting for delivery of <StateBadge state={state} />
      </strong>
      {before}
      {hold && [' The whole sink is paused until ', <Moment at={hold.until.toISOString()} />, `: ${hold.why}`]}
    </>
  );
}

function whyNotDelivered({ sink, routed }: SinkView): string | undefined {
  const decision = wantedBy(sink, routed);
  return decision.wanted ? undefined : decision.why;
}

function GivenUp(view: SinkView): Html {
  const { letters, who, routed } = view;
  if (!isGivenUp(view)) return <></>;
  const back = deploymentPath(routed.deployment.key);
  return (
    <>
      {letters.map(({ id, why, diedAt, kind }) => (
        <div class="given-up">
          <div class="complaint">
            <Moment at={diedAt} />: {kind === 'refused' ? 'rejected' : 'failed in Shiplog'}:{' '}
            <DestinationWords>{why}</DestinationWords>
          </div>
          <ActionForm who={who} to="/actions/replay" fields={{ id, back }}>
            <button>Try again</button>
          </ActionForm>
        </div>
      ))}
      {who.role === 'admin' && <Request {...view} />}
    </>
  );
}

/** What is sent when it is tried again: an error of the destination is mostly about a field of it. */
function Request({ sink, routed: { deployment } }: SinkView): Html {
  const shown = requestOf(sink, deployment);
  if (shown === undefined) return <></>;
  return (
    <details>
      <summary>What is sent when it is tried again</summary>
      <pre class="answer" tabindex="0">
        {shown}
      </pre>
    </details>
  );
}

function requestOf(sink: Sink, deployment: Deployment): string | undefined {
  try {
    const { method, url, body, notes = [] } = sink.preview(deployment);
    const text = typeof body === 'string' ? body : (JSON.stringify(body, null, 2) ?? '');
    return hideSecrets([`${method} ${url}`, text, ...notes].join('\n\n'));
  } catch (error) {
    if (error instanceof DeliveryFailed) return undefined; // the cause is above: nothing can be sent
    throw error;
  }
}
