import { hideSecrets } from '../../values/secret-shapes.ts';
import { exactly, type Html, type Piece } from '../html.ts';
import { type Choice, Options } from './action-form.tsx';

interface FilterFormView {
  /** The path of the page. */
  readonly action: string;
  readonly id?: string;
  /** A further class. */
  readonly kind?: string;
  /** The name of the form for screen readers, where a page has several. */
  readonly label?: string;
  readonly submit: string;
  /** Whether to offer the page without any filter. */
  readonly isFiltered: boolean;
  /** The fields. */
  readonly children: Piece;
  /** Beside the button. */
  readonly after?: Piece;
}

/** A plain GET form that filters a page: its fields become the address of the page. */
export function FilterForm({ action, id, kind, label, submit, isFiltered, children, after }: FilterFormView): Html {
  const classes = kind === undefined ? 'filters' : `filters ${kind}`;
  return (
    <form class={classes} id={id} method="get" action={action} role="search" aria-label={label}>
      {children}
      <span class="buttons">
        <button>{submit}</button> {isFiltered && <a href={action}>clear</a>}
      </span>
      {after}
    </form>
  );
}

interface SearchFieldView {
  readonly name: string;
  readonly label?: string;
  readonly value: string | undefined;
  readonly placeholder?: string;
  /** Class of the label: how much of the line it takes. */
  readonly width?: 'grow' | 'wide';
}

/** A field for words, or a part of a name. Browsers must not correct names. */
export const SearchField = ({ name, label = name, value, placeholder, width }: SearchFieldView): Html => (
  <label class={width}>
    {label}{' '}
    <input
      type="search"
      name={name}
      value={exactly(value ?? '')}
      placeholder={placeholder}
      autocomplete="off"
      spellcheck="false"
    />
  </label>
);

interface NameFieldView {
  readonly name: string;
  readonly value: string | undefined;
  /** Suggestions. */
  readonly known: readonly string[];
}

/** A field for a name, with suggestions. */
export const NameField = ({ name, value, known }: NameFieldView): Html => (
  <>
    <label>
      {name}{' '}
      <input
        name={name}
        value={exactly(value ?? '')}
        list={`known-${name}`}
        placeholder="any"
        autocomplete="off"
        spellcheck="false"
      />
    </label>
    <datalist id={`known-${name}`}>
      {known.map((one) => (
        <option value={exactly(hideSecrets(one))} />
      ))}
    </datalist>
  </>
);

interface ChoiceFieldView {
  readonly name: string;
  readonly label?: string;
  readonly of: readonly Choice[];
  readonly chosen: string | undefined;
  /** The filter has always a value: there is no choice "any". */
  readonly isRequired?: boolean;
}

export const ChoiceField = ({ name, label = name, of, chosen, isRequired = false }: ChoiceFieldView): Html => (
  <label>
    {label}{' '}
    <select name={name}>
      {!isRequired && <option value="">any</option>}
      <Options of={of} chosen={chosen} />
    </select>
  </label>
);
