import { reasonTextFor } from '../../sources/reasons.ts';
import type { Source } from '../../sources/source.ts';
import type { InboxEntry } from '../../store/inbox/entry.ts';
import type { Inbox } from '../../store/inbox/inbox.ts';
import { LAST_WEBHOOKS_AMONG, lastWebhooksBySource } from '../../store/inbox/last-webhooks.ts';
import { TEST_AGENT } from '../actions.ts';
import type { Html } from '../html.ts';
import { Reason, VerdictBadge, webhookPath } from './inbox-labels.tsx';
import { WithCode } from './labels.tsx';
import { When } from './time.tsx';

/** What the script of the set-up page asks for every two seconds. */
export async function lastFragment(sources: readonly Source[], inbox: Inbox, now: Date): Promise<string> {
  const { newest, isAll } = await lastWebhooksBySource(inbox);
  return sources
    .map(({ name }) => (<LastWebhook {...{ source: name, entry: newest.get(name), isAll, now }} />).markup)
    .join('\n');
}

const ANSWERS = {
  accepted: 'It arrived',
  recorded: 'It works',
  duplicate: 'It works',
  ignored: 'It arrives',
  rejected: 'Refused',
} as const;

export interface LastWebhookView {
  readonly source: string;
  readonly entry: InboxEntry | undefined;
  /** No older one was left out. */
  readonly isAll: boolean;
  readonly now: Date;
}

const isTest = ({ headers }: InboxEntry) => headers['user-agent'] === TEST_AGENT;

/** Did it work, and what to do where it did not. */
export function LastWebhook({ source, entry, isAll, now }: LastWebhookView): Html {
  const id = `last-${source}`;
  if (!entry) {
    return (
      <div class="last none" id={id} data-last>
        {isAll
          ? 'Nothing has come from here yet.'
          : `None of the newest ${LAST_WEBHOOKS_AMONG} webhooks came from here.`}
      </div>
    );
  }
  const words = reasonTextFor(entry.reason);
  return (
    <div class={`last ${entry.verdict}`} id={id} data-last>
      <p>
        <strong>{ANSWERS[entry.verdict]}.</strong> Last webhook{isTest(entry) && ' (our own test event)'}{' '}
        <a href={webhookPath(entry)}>
          <When at={entry.receivedAt} now={now} />
        </a>{' '}
        <VerdictBadge verdict={entry.verdict} /> <Reason of={entry} />
      </p>
      {words && (
        <p>
          <WithCode>{words.means}</WithCode> <WithCode>{words.advice}</WithCode>
        </p>
      )}
    </div>
  );
}
