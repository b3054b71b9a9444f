import { exactly, type Html, html, type Piece } from './html.ts';

/** The one who looks at a page. */
export interface Who {
  /** Only an admin sees secrets and changes anything. */
  readonly role: 'admin' | 'viewer';
  /** Proves that a form is ours and of this session. Absent: the request proves itself by its Authorization header. */
  readonly formToken?: string;
}

export const FORM_TOKEN = 'form_token';

/** The hidden field that every form which changes something carries. */
export const formToken = (who: Who | undefined): Html | undefined =>
  who?.formToken === undefined ? undefined : html`<input type="hidden" name="${FORM_TOKEN}" value="${who.formToken}">`;

export interface ActionForm {
  readonly to: string;
  /** Sent along as they are; those that are undefined are left out. */
  readonly fields?: Readonly<Record<string, string | undefined>>;
  /** Within the form: the button, and what stands beside it. */
  readonly body: Piece;
}

/** A form that does something. Nothing for a viewer, who may not. */
export function actionForm(who: Who, { to, fields = {}, body }: ActionForm): Html | undefined {
  if (who.role !== 'admin') return undefined;
  return html`<form class="action" method="post" action="${exactly(to)}">${formToken(who)}${hiddenFields(fields)}${body}</form>`;
}

export const hiddenFields = (fields: Readonly<Record<string, string | undefined>>): Piece =>
  Object.entries(fields).map(
    ([name, value]) => value !== undefined && html`<input type="hidden" name="${name}" value="${exactly(value)}">`,
  );
