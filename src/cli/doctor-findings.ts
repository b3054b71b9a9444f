import { NO_SOURCE } from '../domain/no-source.ts';
import type { DeadLetter } from '../http/answers/dead-letter.ts';
import type { SourceTraffic, Webhook } from '../http/answers/webhook.ts';
import { groupBy } from '../values/group.ts';
import { DAY_MS } from '../values/units.ts';

/** One line of the doctor. `ok`: it is only for information. */
export interface Finding {
  readonly ok: boolean;
  readonly what: string;
}

/** Where the pages are, and when they were asked. */
interface At {
  readonly pages: string;
  readonly nowMs: number;
}

/** Fewer rejections may be a single attempt by hand. */
const REPEATED = 3;

/** Rejections by source and reason, each with the cause of the newest. */
export function repeatedRefusals(entries: readonly Webhook[], { pages, nowMs }: At): Finding[] {
  const recent = entries.filter(({ receivedAt }) => nowMs - Date.parse(receivedAt) <= DAY_MS);
  const groups = groupBy(recent, ({ source, reason }) => `${source}\n${reason}`);
  return [...groups.values()].flatMap((group) => {
    const [newest] = group;
    const count = group.reduce((sum, { count: times = 1 }) => sum + times, 0);
    return newest && count >= REPEATED ? [refused(newest, { count, causes: group.length, pages })] : [];
  });
}

interface Refused {
  readonly count: number;
  readonly causes: number;
  readonly pages: string;
}

function refused({ source, reason = '', detail, address }: Webhook, { count, causes, pages }: Refused): Finding {
  const who = source === NO_SOURCE ? 'addresses of no source' : `source ${source}`;
  const from = address === undefined ? '' : ` (from ${address})`;
  const cause = detail === undefined ? '' : `, the newest: ${detail}${from}`;
  const others = causes > 1 ? `; ${causes - 1} more with another cause or sender` : '';
  const inbox = `${pages}/inbox?${new URLSearchParams({ verdict: 'rejected', source })}`; // encodes a parenthesis, too
  return { ok: false, what: `${who}: ${reason}, ${count} times within a day${cause}${others}. See ${inbox}` };
}

interface DeadLetterPage {
  readonly data: readonly DeadLetter[];
  readonly meta: { readonly total: number };
}

/** Of each, one cause: `shiplog dead-letters` has all. */
const SINKS_SHOWN = 5;
const MAX_WHY_CHARS = 300;

/** How many, and for each sink the newest cause. */
export function deadLetters({ data: letters, meta: { total } }: DeadLetterPage): Finding[] {
  if (total === 0) return [{ ok: true, what: 'dead letters: none' }];
  const newest = new Map(letters.toReversed().map((letter) => [letter.sink, letter]));
  const causes = [...newest.values()]
    .slice(0, SINKS_SHOWN)
    .map(({ sink, why }) => ({ ok: false, what: `the newest dead letter of ${sink}: ${why.slice(0, MAX_WHY_CHARS)}` }));
  const need = total === 1 ? '1 dead letter needs' : `${total} dead letters need`;
  return [{ ok: false, what: `${need} attention: npx shiplog dead-letters ls` }, ...causes];
}

/** Sources that fell silent, and those that report everything but deployments. */
export const sourceFindings = (sources: readonly SourceTraffic[], { pages }: Pick<At, 'pages'>): Finding[] =>
  sources.flatMap(({ source, silent_since, last_24h: { taken, ignored } }) => [
    ...(silent_since === null
      ? []
      : [
          {
            ok: false,
            what: `source ${source}: nothing received since ${silent_since}, unusually long: is its webhook disabled?`,
          },
        ]),
    ...(taken > 0 || ignored < REPEATED
      ? []
      : [
          {
            ok: true,
            what:
              `source ${source}: none of ${ignored} webhooks of the last 24 hours reported a deployment. ` +
              `Why: ${pages}/inbox?source=${encodeURIComponent(source)}`,
          },
        ]),
  ]);
