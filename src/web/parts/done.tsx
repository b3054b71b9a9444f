import { z } from 'zod';
import { plural } from '../../values/plural.ts';
import type { Html } from '../html.ts';

/** The result of a button, carried in the address of the page that is shown next. */
export const Done = z.object({
  did: z.enum(['replayed', 'dropped', 'mapped']),
  count: z.coerce.number().int().min(0).max(10_000_000),
});
export type Done = z.infer<typeof Done>;

/** The same address with the result. Its own parameters stay, those of the previous result go. */
export function withDone(back: string, { did, count }: Done): string {
  const { pathname, searchParams, hash } = new URL(back, 'http://shiplog.invalid');
  searchParams.set('did', did);
  searchParams.set('count', String(count));
  return `${pathname}?${searchParams}${hash}`;
}

/** One sentence about it, or nothing where nothing was done. */
export function DoneNote({ asked }: { asked: unknown }): Html {
  const done = Done.safeParse(asked);
  if (!done.success) return <></>;
  return (
    <p class="done" role="status">
      {SENTENCES[done.data.did](done.data.count)}
    </p>
  );
}

const SENTENCES: Readonly<Record<Done['did'], (count: number) => string>> = {
  replayed: (count) =>
    count === 0
      ? 'Nothing was retried: it was done already, or it no longer exists.'
      : `${plural(count, 'dead letter')} ${count === 1 ? 'is' : 'are'} tried again. ` +
        'The result is shown here within seconds.',
  dropped: (count) => (count === 0 ? 'Nothing was dropped.' : `${plural(count, 'dead letter')} dropped for good.`),
  mapped: (count) =>
    count === 0
      ? 'Nothing was mapped: the body is no longer stored, or the webhook would be ignored again.'
      : `${plural(count, 'webhook')} mapped again. Where it adds nothing new, nothing changes.`,
};
