import type { Response } from 'express';
import { lastDay, silentSince, totalOf } from '../domain/hours.ts';
import type { Source } from '../sources/source.ts';
import type { Inbox } from '../store/inbox/inbox.ts';

export interface SourcesParts {
  readonly sources: readonly Pick<Source, 'name' | 'type' | 'isQuietWhenWell'>[];
  readonly inbox: Pick<Inbox, 'hours'>;
}

/** What each source sent in the last 24 hours, and which sources have stopped sending. */
export async function sendSources({ sources, inbox }: SourcesParts, response: Response): Promise<void> {
  const now = new Date();
  const hours = await inbox.hours(now);
  const data = sources.map(({ name, type, isQuietWhenWell }) => {
    const ofSource = hours.get(name) ?? [];
    const day = lastDay(ofSource, now);
    return {
      source: name,
      type,
      last_24h: totalOf(day),
      hours: day.map(({ atMs, ...counts }) => ({ from: new Date(atMs).toISOString(), ...counts })),
      silent_since: isQuietWhenWell ? null : (silentSince(ofSource, now)?.toISOString() ?? null),
    };
  });
  response.json({ data });
}
