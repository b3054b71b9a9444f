import { NO_SOURCE } from '../../domain/no-source.ts';
import type { Source } from '../../sources/source.ts';
import type { InboxEntry, Verdict } from '../../store/inbox/entry.ts';
import { alertPath } from '../../values/own-page.ts';
import type { Html } from '../html.ts';
import { WithCode } from './labels.tsx';
import { DeploymentLink, type Named } from './named-deployments.tsx';

export const LOOKS: Readonly<Record<Verdict, string>> = {
  accepted: 'running',
  recorded: 'succeeded',
  duplicate: 'other',
  ignored: 'pending',
  unproved: 'pending',
  rejected: 'failed',
};

export const VerdictBadge = ({ verdict }: { verdict: Verdict }): Html => (
  <span class={`badge ${LOOKS[verdict]}`}>{verdict}</span>
);

/** For a refusal: whose webhook to look for. */
export const sentFrom = ({ address, count = 1 }: Pick<InboxEntry, 'address' | 'count'>): string | undefined =>
  address && `from ${address}${count > 1 ? `, ${count.toLocaleString('en')} times` : ''}`;

/** In words where it belongs to none. */
export const sourceLabel = ({ source }: Pick<InboxEntry, 'source'>): string =>
  source === NO_SOURCE ? 'no source' : source;

interface ReasonView {
  readonly of: InboxEntry;
  readonly named?: Named;
}

export const Reason = ({ of: entry, named }: ReasonView): Html => (
  <>
    {entry.reason && [<code>{entry.reason}</code>, ' ']}
    {entry.detail && <WithCode>{entry.detail}</WithCode>}
    {entry.address && [' ', <span class="mute">{sentFrom(entry)}</span>]}
    {entry.deployments.map((key) => [' ', <DeploymentLink of={key} named={named} />])}
    {entry.alerts && [' ', <AlertLinks ids={entry.alerts} />]}
  </>
);

export const AlertLinks = ({ ids }: { ids: readonly string[] }): Html => (
  <>
    {ids.map((id, at) => [
      at > 0 && ' ',
      <a href={alertPath(id)} title={id}>
        {ids.length === 1 ? 'the alert' : `alert ${at + 1}`}
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
