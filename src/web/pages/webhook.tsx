import { reasonTextFor } from '../../sources/reasons.ts';
import type { Deployments } from '../../store/changes/deployments.ts';
import type { InboxEntry } from '../../store/inbox/entry.ts';
import type { Inbox } from '../../store/inbox/inbox.ts';
import { webhookPath } from '../../values/own-page.ts';
import type { Html } from '../html.ts';
import { ActionForm, type Viewer } from '../parts/action-form.tsx';
import { DoneNote } from '../parts/done.tsx';
import { AlertLinks, sentFrom, size, sourceLabel, VerdictBadge } from '../parts/inbox-labels.tsx';
import { WithCode } from '../parts/labels.tsx';
import { Fields, Heading, Section } from '../parts/layout.tsx';
import { DeploymentLink, findNamed, type Named } from '../parts/named-deployments.tsx';
import { prettyJson } from '../parts/pretty-json.ts';
import { When } from '../parts/time.tsx';

/** Longest body shown, characters. */
const SHOWN_BODY = 200_000;

export interface WebhookParts {
  readonly inbox: Pick<Inbox, 'get'>;
  readonly deployments: Pick<Deployments, 'many'>;
}

export interface WebhookView {
  readonly id: string;
  readonly asked: unknown;
  readonly who: Viewer;
  readonly now: Date;
}

/** One webhook as it was received. */
export async function webhookPage(
  { inbox, deployments }: WebhookParts,
  { id, asked, who, now }: WebhookView,
): Promise<Html | undefined> {
  const entry = await inbox.get(id);
  if (!entry) return undefined;
  const named = await findNamed([entry], deployments);
  return (
    <>
      <Heading aside={<VerdictBadge verdict={entry.verdict} />}>Webhook to {sourceLabel(entry)}</Heading>
      <DoneNote asked={asked} />
      <Facts {...{ entry, named, now }} />
      {entry.body && <MapAgain entry={entry} who={who} />}
      <Section title="Headers">
        <Headers of={entry} />
      </Section>
      <Section title="Body">
        {who.role === 'admin' ? (
          <Body text={entry.body} />
        ) : (
          <p class="mute">Only shown to admins: a body may contain anything.</p>
        )}
      </Section>
    </>
  );
}

interface FactsView {
  readonly entry: InboxEntry;
  readonly named: Named;
  readonly now: Date;
}

function Facts({ entry, named, now }: FactsView): Html {
  const { reason, detail, deployments, alerts } = entry;
  const reasonText = reasonTextFor(reason);
  return (
    <Fields
      of={[
        [
          'Why',
          (reason ?? detail) && [reason && [<code>{reason}</code>, ' '], detail && <WithCode>{detail}</WithCode>],
        ],
        ['It means', reasonText && <WithCode>{reasonText.means}</WithCode>],
        ['What to do', reasonText && <WithCode>{reasonText.advice}</WithCode>],
        [
          entry.verdict === 'duplicate' ? 'Duplicate of' : 'Deployments',
          deployments.length > 0 && deployments.map((key) => <NamedLine {...{ name: key, named }} />),
        ],
        ['Alerts', alerts && <AlertLinks ids={alerts} />],
        ['Received', <When at={entry.receivedAt} now={now} />],
        ['Sender', sentFrom(entry)],
        ['Spooled', entry.spooled && 'It waited on disk while Redis was away.'],
        [
          'Request',
          <code>
            {entry.method} {entry.path}
          </code>,
        ],
        ['Size', size(entry.bytes)],
        ['Id', <code>{entry.id}</code>],
      ]}
    />
  );
}

const NamedLine = ({ name, named }: { name: string; named: Named }): Html => (
  <div>
    <DeploymentLink of={name} named={named} />{' '}
    {named.has(name) && (
      <span class="mute">
        <bdi>{name}</bdi>
      </span>
    )}
  </div>
);

const MapAgain = ({ entry, who }: { entry: InboxEntry; who: Viewer }): Html => (
  <ActionForm who={who} to="/actions/map-webhook" fields={{ webhook: entry.id, back: webhookPath(entry.id) }}>
    <button>Map again</button> <span class="mute">with the current mappers and rules</span>
  </ActionForm>
);

function Headers({ of: { headers } }: { of: InboxEntry }): Html {
  if (Object.keys(headers).length === 0) return <p class="mute">None that is kept: no secret ever is.</p>;
  return <Fields of={Object.entries(headers).map(([name, value]) => [name, <code>{value}</code>] as const)} />;
}

function Body({ text: body }: { text: string | undefined }): Html {
  if (body === undefined) return <p class="mute">Not stored: the sender is unknown.</p>;
  if (body === '') return <p class="mute">Empty.</p>;
  const text = (body.length <= SHOWN_BODY && prettyJson(body)) || body;
  return (
    <>
      {text.length > SHOWN_BODY && (
        <p class="mute">
          The first {SHOWN_BODY / 1000} KB of {size(Buffer.byteLength(body))}.
        </p>
      )}
      <pre tabindex="0">{text.slice(0, SHOWN_BODY)}</pre>
    </>
  );
}
