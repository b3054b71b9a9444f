import type { Hour } from '../../domain/hours.ts';
import { outdatedSetups, WEBHOOKS_LOOKED_AT } from '../../domain/setup-seen.ts';
import type { Source } from '../../sources/source.ts';
import type { InboxEntry } from '../../store/inbox/entry.ts';
import type { Inbox } from '../../store/inbox/inbox.ts';
import { lastWebhooksBySource, newestBodies } from '../../store/inbox/last-webhooks.ts';
import { deploymentPath, webhookPath } from '../../values/own-page.ts';
import { SETUP_SCRIPT } from '../assets.ts';
import { exactly, type Html } from '../html.ts';
import { ActionForm, type Viewer } from '../parts/action-form.tsx';
import { VerdictBadge } from '../parts/inbox-labels.tsx';
import { WithCode } from '../parts/labels.tsx';
import { isTest, LastWebhook, type LastWebhookParts } from '../parts/last-webhook.tsx';
import { Heading } from '../parts/layout.tsx';
import { Link } from '../parts/link.tsx';
import { findNamed, type Named } from '../parts/named-deployments.tsx';
import { recipeFor } from '../parts/recipe.tsx';

export interface SetupView extends LastWebhookParts {
  readonly sinkNames: readonly string[];
  /** Protocol and host by which the reader came. */
  readonly base: string;
  readonly now: Date;
  readonly who: Viewer;
  /** The source whose secret an admin asked to see. */
  readonly show?: string;
  /** The webhook of a test event that was just sent. */
  readonly test?: string;
  /** The page that this is a part of: what "refresh" loads. */
  readonly at: string;
  /** It is shown in place of the changes, of which there are none yet. */
  readonly welcome?: boolean;
}

/** What to paste where, and whether it worked. */
export async function setupPage(view: SetupView): Promise<Html> {
  const { sources, inbox, deployments, at, test, welcome = false } = view;
  const [{ newest, isAll }, hours, tests] = await Promise.all([
    lastWebhooksBySource(inbox),
    inbox.hours(view.now),
    test ? inbox.entries([test]) : [],
  ]);
  const tested = tests[0];
  const named = await findNamed([...newest.values()], deployments);
  const cards = await Promise.all(
    sources.map((source) =>
      card(source, {
        ...view,
        entry: newest.get(source.name),
        isAll,
        hours: hours.get(source.name) ?? [],
        named,
        ...(tested?.source === source.name && { tested }),
      }),
    ),
  );
  return (
    <>
      <Heading aside={<a href={at}>refresh</a>}>{welcome ? 'Welcome' : 'Set-up'}</Heading>
      {welcome && (
        <p class="lead">
          No deployment was recorded yet. Tell one of your tools where to send them, or send a test event and watch it
          arrive.
        </p>
      )}
      <LocalNote base={view.base} />
      {test !== undefined && !tested && (
        <p class="complaint" role="status">
          The test event is not in the inbox: Redis is away, and it waits on disk. It appears as soon as Redis is back.
        </p>
      )}
      <div class="cards setup">{cards}</div>
      {!welcome && <EndSessions who={view.who} />}
      <script src={SETUP_SCRIPT.path} defer />
    </>
  );
}

const EndSessions = ({ who }: Pick<SetupView, 'who'>): Html => (
  <ActionForm who={who} to="/sessions/end">
    <button>Log everybody out</button> <span class="mute">ends every session of these pages, this one too</span>
  </ActionForm>
);

function LocalNote({ base }: { base: string }): Html {
  if (!/^https?:\/\/(localhost|127\.|\[::1\])/.test(base)) return <></>;
  return (
    <p class="notes">
      You came by <code>{base}</code>, which only this machine can reach. Open this page by the address that your tools
      can reach, and the URLs below are right for them.
    </p>
  );
}

interface Card extends SetupView {
  readonly entry: InboxEntry | undefined;
  readonly isAll: boolean;
  readonly hours: readonly Hour[];
  readonly named: Named;
  readonly tested?: InboxEntry;
}

/** The anchor of its card. A source may have the name of another part of the page. */
const placeOf = (name: string): string => `source-${name}`;

async function card(source: Source, view: Card): Promise<Html> {
  const { name, productName, isQuietWhenWell = false } = source;
  const { base, who, show, entry, isAll, hours, named, now } = view;
  const url = `${base}/webhooks/${name}`;
  const secret = who.role === 'admin' && name === show ? source.secrets[0] : undefined;
  return (
    <article class="card" id={placeOf(name)}>
      <h2>
        {productName}
        {name !== productName && [' ', <span class="mute">{name}</span>]}
      </h2>
      <LastWebhook {...{ source: name, isQuietWhenWell, entry, isAll, hours, named, now }} />
      {(await outdatedAt(source, view.inbox)).map((advice) => (
        <p class="complaint">
          <WithCode>{advice}</WithCode>
        </p>
      ))}
      <TestEvent source={source} view={view} />
      <p class="copy">
        <span>URL</span> <code>{url}</code>
      </p>
      <Secret source={source} who={who} isShown={secret !== undefined} />
      {await recipeFor(source, { base, url, name, secret })}
    </article>
  );
}

async function outdatedAt(source: Source, inbox: Inbox): Promise<readonly string[]> {
  if (!source.setupSeen) return [];
  const isOwn = (entry: InboxEntry) => entry.source === source.name && !isTest(entry);
  return outdatedSetups(source.setupSeen, await newestBodies(inbox, WEBHOOKS_LOOKED_AT, isOwn));
}

function TestEvent({ source, view: { who, at, sinkNames, tested } }: { source: Source; view: Card }): Html {
  const { name, isQuietWhenWell = false } = source;
  const back = `${at === '/' ? '/setup' : at}#${placeOf(name)}`;
  return (
    <>
      {tested && (
        <p class="done" role="status">
          The test event came in: <VerdictBadge verdict={tested.verdict} />{' '}
          <a href={webhookPath(tested.id)}>its webhook</a>
          {tested.deployments.map((key) => [', ', <Link to={deploymentPath(key)}>its change</Link>])}
        </p>
      )}
      <ActionForm who={who} to="/actions/test-event" fields={{ source: name, back }}>
        <button>Send a test event</button>{' '}
        <span class="mute">
          An invented {isQuietWhenWell ? 'alert' : 'deployment'}, signed as the tool does it, and recorded like any
          other.
          {sinkNames.length > 0 && !isQuietWhenWell && ` It is forwarded to ${sinkNames.join(', ')} as well.`}
        </span>
      </ActionForm>
    </>
  );
}

function Secret({ source: { name, secrets }, who, isShown }: { source: Source; who: Viewer; isShown: boolean }): Html {
  if (!isShown) {
    return (
      <ActionForm who={who} to={`/setup#${placeOf(name)}`} fields={{ show: name }}>
        <span class="label">Secret</span> <button>Show the secret</button>{' '}
        <span class="mute">and fill it in below</span>
      </ActionForm>
    );
  }
  return (
    <>
      {secrets.map((secret) => (
        <p class="copy">
          <span>Secret</span> <code>{exactly(secret)}</code>
        </p>
      ))}
      <p class="mute">It is filled in below, and hidden again when you leave this page.</p>
    </>
  );
}
