import type { ChangeRecord } from '../domain/change-record.ts';
import type { Deployment } from '../domain/deployment.ts';
import { type OriginParts, originsOf } from '../domain/origins.ts';
import type { Source } from '../sources/source.ts';
import type { InboxEntry } from '../store/inbox.ts';
import { moment, stateBadge } from './format.ts';
import { type Html, html, link } from './html.ts';
import { deliveryIdOf, pathOf } from './inbox-page.ts';

/** Each record as it came, with the webhook that told it. */
export function signals(
  records: readonly ChangeRecord[],
  deployment: Deployment,
  { entries, sources }: { entries: readonly (InboxEntry | undefined)[]; sources: readonly Source[] },
): Html {
  return html`<table class="stack"><thead><tr><th>Received</th><th>Signal</th><th>State</th><th>Happened</th><th>Delivery id</th><th><span class="hidden">Remarks</span></th></tr></thead><tbody>${records.map(
    (record) => {
      const entry = entries.find((one) => one !== undefined && one.id === record.webhook);
      return html`<tr><td data-label="Received">${link(entry && pathOf(entry), moment(record.receivedAt))}</td>
<td data-label="Signal"><span>${record.signal} <span class="mute">${record.instance}</span></span></td><td data-label="State">${stateBadge(record.state)}</td><td data-label="Happened">${moment(record.occurredAt)}</td>
<td class="delivery-id" data-label="Delivery id">${entry && html`<code>${deliveryIdOf(entry, sources)}</code>`}</td>
<td class="mute">${remarks(record, { deployment, isKept: entry !== undefined }).join(' · ')}</td></tr>`;
    },
  )}</tbody></table>`;
}

function remarks(record: ChangeRecord, seen: { deployment: Deployment; isKept: boolean }): string[] {
  return [
    record.id === seen.deployment.decidedBy && 'decided the state',
    record.rejected && 'rejected by an approver',
    !record.authoritative && 'fills gaps only',
    record.webhook === undefined && 'no webhook on record',
    record.webhook !== undefined && !seen.isKept && 'the inbox keeps its webhook no more',
  ].filter((remark) => remark !== false && remark !== undefined);
}

/** Which signal or rule gave which field. By the rules of today: those of then are not kept. */
export function origins(key: string, records: readonly ChangeRecord[], parts: OriginParts): Html | undefined {
  if (records.length === 0) return undefined;
  const rows = originsOf(key, records, parts);
  return html`<details class="origins"><summary>What came from where</summary>
<section><p class="mute">Signals as they were told, rules as they are today.</p>
<table class="stack"><thead><tr><th>Field</th><th>Value</th><th>From</th></tr></thead><tbody>${rows.map(
    ({ field, value, from }) =>
      html`<tr><td data-label="Field"><code>${field}</code></td><td class="words" data-label="Value">${typeof value === 'string' ? value : JSON.stringify(value)}</td><td class="mute" data-label="From">${from.join(' · ')}</td></tr>`,
  )}</tbody></table></section></details>`;
}
