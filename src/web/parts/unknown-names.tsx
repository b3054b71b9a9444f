import type { UnknownName } from '../../domain/known-names.ts';
import type { Html } from '../html.ts';

interface UnknownNamesView {
  readonly names: readonly UnknownName[];
  /** The same page with one name replaced by another. */
  readonly address: (change: Readonly<Record<string, string>>) => string;
}

/** Names that occur nowhere, with those that were probably meant. */
export function UnknownNames({ names, address }: UnknownNamesView): Html {
  if (names.length === 0) return <></>;
  return (
    <ul class="notes">
      {names.map(({ field, value, isPart, known }) => (
        <li>
          No {field} is called “{value}”{known.length > 0 && (isPart ? '; shown: ' : '; did you mean ')}
          {known.map(({ name, count }, at) => [
            at > 0 && ', ',
            <a href={address({ [field]: name })}>
              <bdi>{name}</bdi>
            </a>,
            ` (${count.toLocaleString('en')})`,
          ])}
          {known.length > 0 && !isPart ? '?' : '.'}
        </li>
      ))}
    </ul>
  );
}
