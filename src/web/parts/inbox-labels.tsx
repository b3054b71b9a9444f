import type { Source } from '../../sources/source.ts';
import type { InboxEntry, Verdict } from '../../store/inbox/entry.ts';
import type { Html } from '../html.ts';
import { deploymentPath } from './deployment-labels.tsx';

export const LOOKS: Readonly<Record<Verdict, string>> = {
  accepted: 'running',
  recorded: 'succeeded',
  duplicate: 'other',
  ignored: 'pending',
  rejected: 'failed',
};

export const VerdictBadge = ({ verdict }: { verdict: Verdict }): Html => (
  <span class={`badge ${LOOKS[verdict]}`}>{verdict}</span>
);

export const webhookPath = ({ id }: Pick<InboxEntry, 'id'>): string => `/inbox/${encodeURIComponent(id)}`;

/** For a refusal: whose webhook to look for. */
export const sentFrom = ({ address, count = 1 }: Pick<InboxEntry, 'address' | 'count'>): string | undefined =>
  address && `from ${address}${count > 1 ? `, ${count.toLocaleString('en')} times` : ''}`;

export const Reason = ({ of: entry }: { of: InboxEntry }): Html => (
  <>
    {entry.reason && [<code>{entry.reason}</code>, ' ']}
    {entry.detail}
    {entry.address && [' ', <span class="mute">{sentFrom(entry)}</span>]}
    {entry.deployments.map((key) => [
      ' ',
      <a class="key" href={deploymentPath(key)}>
        <bdi>{key}</bdi>
      </a>,
    ])}
  </>
);

/** The sender's id of this delivery, else ours. */
export function deliveryIdOf({ source: name, headers, id }: InboxEntry, sources: readonly Source[]): string {
  const source = sources.find((candidate) => candidate.name === name);
  return source?.deliveryIdHeaders.map((header) => headers[header]).find((value) => value !== undefined) ?? id;
}

export const size = (bytes: number): string => (bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KiB`);
