import type { ChangeRecord } from '../../domain/change-record.ts';
import type { Deployment } from '../../domain/deployment.ts';
import { type OriginParts, originsOf } from '../../domain/origins.ts';
import type { Source } from '../../sources/source.ts';
import type { InboxEntry } from '../../store/inbox/entry.ts';
import { webhookPath } from '../../values/own-page.ts';
import type { Html } from '../html.ts';
import { StateBadge } from './deployment-labels.tsx';
import { deliveryIdOf } from './inbox-labels.tsx';
import { Link } from './link.tsx';
import { Moment } from './time.tsx';

export interface SignalsView {
  readonly records: readonly ChangeRecord[];
  readonly deployment: Deployment;
  readonly entries: readonly (InboxEntry | undefined)[];
  readonly sources: readonly Source[];
}

/** Each record as it came, with the webhook that reported it. */
export const Signals = ({ records, deployment, entries, sources }: SignalsView): Html => (
  <table class="stack">
    <thead>
      <tr>
        <th>Received</th>
        <th>Signal</th>
        <th>State</th>
        <th>Happened</th>
        <th>Delivery id</th>
        <th>
          <span class="hidden">Remarks</span>
        </th>
      </tr>
    </thead>
    <tbody>
      {records.map((record) => (
        <Signal
          {...{ record, deployment, sources }}
          entry={entries.find((one) => one !== undefined && one.id === record.webhook)}
        />
      ))}
    </tbody>
  </table>
);

interface SignalView {
  readonly record: ChangeRecord;
  readonly deployment: Deployment;
  readonly entry: InboxEntry | undefined;
  readonly sources: readonly Source[];
}

const Signal = ({ record, deployment, entry, sources }: SignalView): Html => (
  <tr>
    <td data-label="Received">
      <Link to={entry && webhookPath(entry.id)}>
        <Moment at={record.receivedAt} />
      </Link>
    </td>
    <td data-label="Signal">
      <span>
        {record.signal} <span class="mute">{record.instance}</span>
      </span>
    </td>
    <td data-label="State">
      <StateBadge state={record.state} />
    </td>
    <td data-label="Happened">
      <Moment at={record.occurredAt} />
    </td>
    <td class="delivery-id" data-label="Delivery id">
      {entry && <code>{deliveryIdOf(entry, sources)}</code>}
    </td>
    <td class="mute">{signalNotes(record, { deployment, isKept: entry !== undefined }).join(' · ')}</td>
  </tr>
);

function signalNotes(record: ChangeRecord, seen: { deployment: Deployment; isKept: boolean }): string[] {
  return [
    record.id === seen.deployment.decidedBy && 'decided the state',
    record.rejected && 'rejected by an approver',
    !record.authoritative && 'fills gaps only',
    record.webhook === undefined && 'no webhook on record',
    record.webhook !== undefined && !seen.isKept && 'the inbox no longer keeps its webhook',
  ].filter((remark) => remark !== false && remark !== undefined);
}

export interface OriginsView {
  /** The key of the deployment. */
  readonly name: string;
  readonly records: readonly ChangeRecord[];
  readonly parts: OriginParts;
}

/** Which signal or rule gave which field. By the current rules: those of then are not kept. */
export function Origins({ name, records, parts }: OriginsView): Html {
  if (records.length === 0) return <></>;
  return (
    <details class="origins">
      <summary>Where each value comes from</summary>
      <section>
        <p class="mute">The signals as reported, and the current rules.</p>
        <table class="stack">
          <thead>
            <tr>
              <th>Field</th>
              <th>Value</th>
              <th>From</th>
            </tr>
          </thead>
          <tbody>
            {originsOf(name, records, parts).map(({ field, value, from }) => (
              <tr>
                <td data-label="Field">
                  <code>{field}</code>
                </td>
                <td class="words" data-label="Value">
                  {typeof value === 'string' ? value : JSON.stringify(value)}
                </td>
                <td class="mute" data-label="From">
                  {from.join(' · ')}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
