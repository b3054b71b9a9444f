import type { Spooled } from '../../spool/spool.ts';
import { plural } from '../../values/plural.ts';
import type { Html } from '../html.ts';
import { Moment } from './time.tsx';

export function SpooledNote({ of: { entries, since } }: { of: Spooled }): Html {
  if (entries === 0) return <></>;
  const isOne = entries === 1;
  return (
    <p class="complaint" role="status">
      {plural(entries, 'webhook')} {isOne ? 'is' : 'are'} spooled: safe on disk since{' '}
      {since === undefined ? 'a moment ago' : <Moment at={since} />}, because Redis was away.{' '}
      {isOne ? 'It appears' : 'They appear'} here when Redis has taken {isOne ? 'it' : 'them'}.
    </p>
  );
}
