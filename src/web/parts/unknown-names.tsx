import type { KnownName, UnknownName } from '../../domain/known-names.ts';
import type { TextSuggestion } from '../../domain/text-suggestions.ts';
import type { Html } from '../html.ts';

interface UnknownNamesView {
  readonly names: readonly UnknownName[];
  /** What a text that was not found may have meant. */
  readonly suggestions?: readonly TextSuggestion[];
  /** The same page with another filter. */
  readonly address: (change: Readonly<Record<string, string | undefined>>) => string;
}

/** Names that occur nowhere and texts that are not found, with what was probably meant, each as a link to it. */
export function UnknownNames({ names, suggestions = [], address }: UnknownNamesView): Html {
  if (names.length + suggestions.length === 0) return <></>;
  return (
    <ul class="notes">
      {names.map(({ field, value, isPart, known }) => (
        <li>
          No {field} is called “{value}”{known.length > 0 && (isPart ? '; shown: ' : '; did you mean ')}
          <NameLinks known={known} address={(name) => address({ [field]: name })} />
          {known.length > 0 && !isPart ? '?' : '.'}
        </li>
      ))}
      {suggestions.map(({ word, rest, field, known, isFound }) => (
        <li>
          {isFound
            ? `Only texts were searched for “${word}”; changes by the ${field} `
            : `Nothing found for “${word}”; did you mean the ${field} `}
          <NameLinks known={known} address={(name) => address({ [field]: name, text: rest || undefined })} />
          {isFound ? '.' : '?'}
        </li>
      ))}
    </ul>
  );
}

interface NameLinksView {
  readonly known: readonly KnownName[];
  readonly address: (name: string) => string;
}

const NameLinks = ({ known, address }: NameLinksView): Html => (
  <>
    {known.map(({ name, count }, at) => [
      at > 0 && ', ',
      <a href={address(name)}>
        <bdi>{name}</bdi>
      </a>,
      ` (${count.toLocaleString('en')})`,
    ])}
  </>
);
