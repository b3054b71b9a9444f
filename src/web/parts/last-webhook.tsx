import type { Hour } from '../../domain/hours.ts';
import { reasonTextFor } from '../../sources/reasons.ts';
import type { Source } from '../../sources/source.ts';
import type { Deployments } from '../../store/changes/deployments.ts';
import type { InboxEntry } from '../../store/inbox/entry.ts';
import type { Inbox } from '../../store/inbox/inbox.ts';
import { LAST_WEBHOOKS_AMONG, lastWebhooksBySource } from '../../store/inbox/last-webhooks.ts';
import { webhookPath } from '../../values/own-page.ts';
import { TEST_AGENT } from '../actions.ts';
import type { Html } from '../html.ts';
import { Reason, VerdictBadge } from './inbox-labels.tsx';
import { WithCode } from './labels.tsx';
import { findNamed, type Named } from './named-deployments.tsx';
import { SourceDay } from './source-day.tsx';
import { When } from './time.tsx';

export interface LastWebhookParts {
  readonly sources: readonly Source[];
  readonly inbox: Inbox;
  readonly deployments: Pick<Deployments, 'many'>;
}

/** The fragment that the script of the set-up page loads every two seconds. */
export async function lastFragment({ sources, inbox, deployments }: LastWebhookParts, now: Date): Promise<string> {
  const [{ newest, isAll }, hours] = await Promise.all([lastWebhooksBySource(inbox), inbox.hours(now)]);
  const named = await findNamed([...newest.values()], deployments);
  return sources
    .map(({ name, isQuietWhenWell = false }) => ({
      source: name,
      isQuietWhenWell,
      entry: newest.get(name),
      isAll,
      hours: hours.get(name) ?? [],
      named,
      now,
    }))
    .map((view) => (<LastWebhook {...view} />).markup)
    .join('\n');
}

const ANSWERS = {
  accepted: 'It arrived',
  recorded: 'It works',
  duplicate: 'It works',
  ignored: 'It arrives',
  unproved: 'The address is reached',
  rejected: 'Refused',
} as const;

export interface LastWebhookView {
  readonly source: string;
  readonly isQuietWhenWell: boolean;
  readonly entry: InboxEntry | undefined;
  /** No older one was left out. */
  readonly isAll: boolean;
  /** Hours in which something came, oldest first. */
  readonly hours: readonly Hour[];
  readonly named: Named;
  readonly now: Date;
}

export const isTest = ({ headers }: InboxEntry) => headers['user-agent'] === TEST_AGENT;

/** Whether it worked, and what to do where it did not. */
export const LastWebhook = (view: LastWebhookView): Html => (
  <div id={`last-${view.source}`} data-last>
    <Newest {...view} />
    <SourceDay {...view} />
  </div>
);

function Newest({ entry, isAll, named, now }: LastWebhookView): Html {
  if (!entry) {
    return (
      <div class="last none">
        {isAll
          ? 'Nothing has come from here yet.'
          : `None of the newest ${LAST_WEBHOOKS_AMONG} webhooks came from here.`}
      </div>
    );
  }
  const reasonText = reasonTextFor(entry.reason);
  return (
    <div class={`last ${entry.verdict}`}>
      <p>
        <strong>{ANSWERS[entry.verdict]}.</strong> Last webhook{isTest(entry) && ' (our own test event)'}{' '}
        <a href={webhookPath(entry.id)}>
          <When at={entry.receivedAt} now={now} />
        </a>{' '}
        <VerdictBadge verdict={entry.verdict} /> <Reason of={entry} named={named} />
      </p>
      {reasonText && (
        <p>
          <WithCode>{reasonText.means}</WithCode> <WithCode>{reasonText.advice}</WithCode>
        </p>
      )}
    </div>
  );
}
