import { hideSecrets } from '../../values/secret-shapes.ts';
import { exactly, type Html, type Piece } from '../html.ts';

/** The user who views a page. */
export interface Viewer {
  /** Only an admin sees secrets and changes anything. */
  readonly role: 'admin' | 'viewer';
  /** Their own name, or that of their token, for the log. */
  readonly name?: string;
  /** Set where a provider identified them: the name is not one of a token. */
  readonly login?: 'oidc';
  /**
   * Proves that a form is ours and of this session. Absent: the request is authenticated by its Authorization header.
   */
  readonly formToken?: string;
}

export const FORM_TOKEN = 'form_token';

/** The hidden field that every form which changes something carries. */
export const FormToken = ({ who }: { who: Viewer | undefined }): Html =>
  who?.formToken === undefined ? <></> : <input type="hidden" name={FORM_TOKEN} value={who.formToken} />;

export interface ActionFormView {
  readonly who: Viewer;
  readonly to: string;
  /** Further parameters; those that are undefined are left out. */
  readonly fields?: Readonly<Record<string, string | undefined>>;
  /** The content of the form: the button, and what is beside it. */
  readonly children: Piece;
}

/** A form that does something. Nothing for a viewer, who may not. */
export function ActionForm({ who, to, fields = {}, children }: ActionFormView): Html {
  if (who.role !== 'admin') return <></>;
  return (
    <form class="action" method="post" action={exactly(to)}>
      <FormToken who={who} />
      <HiddenFields of={fields} />
      {children}
    </form>
  );
}

export const HiddenFields = ({ of }: { of: Readonly<Record<string, string | undefined>> }): Html => (
  <>
    {Object.entries(of).map(
      ([name, value]) => value !== undefined && <input type="hidden" name={name} value={exactly(value)} />,
    )}
  </>
);

export interface Choice {
  readonly value: string;
  readonly label?: string;
}

/** The options of a select; the chosen value stays chosen even if it is none of them. */
export const Options = ({ of, chosen }: { of: readonly Choice[]; chosen: string | undefined }): Html => (
  <>
    {of.map(({ value, label }) => (
      <option value={label === undefined ? undefined : exactly(hideSecrets(value))} selected={value === chosen}>
        {label ?? value}
      </option>
    ))}
  </>
);
