import { type Exact, escaped, Html, type Piece, toMarkup } from './html.ts';

/**
 * What the compiler calls for TSX. An element becomes markup at once: no tree is kept, since nothing on the server
 * compares two of them. Everything is escaped unless an element made it (html.ts).
 */
export function jsx<Props extends object>(type: string | ((props: Props) => Html), props: Props): Html {
  if (typeof type === 'function') return type(props);
  let attributes = '';
  let content = '';
  for (const name of Object.keys(props)) {
    const value: unknown = props[name as keyof Props]; // its own key
    if (name === 'children')
      content = toMarkup(value as Piece); // as the types of the elements have it
    else if (value === true) attributes += ` ${name}`;
    else if (value !== undefined && value !== false) attributes += ` ${name}="${inAttribute(value)}"`;
  }
  return new Html(VOID.has(type) ? `<${type}${attributes}>` : `<${type}${attributes}>${content}</${type}>`);
}

/** @alias of `jsx`, for elements with several children. */
export const jsxs = jsx;

export const Fragment = ({ children }: { children?: Piece }): Html => new Html(toMarkup(children));

/** Only `exactly` makes this type: elements contain quotes. */
const inAttribute = (value: unknown): string => (value instanceof Html ? value.markup : escaped(String(value)));

const VOID: ReadonlySet<string> = new Set(['br', 'hr', 'img', 'input', 'link', 'meta']);

type Value = string | number | boolean | Exact | undefined;

interface Global {
  readonly children?: Piece;
  readonly id?: Value;
  readonly class?: Value;
  readonly title?: Value;
  readonly role?: Value;
  readonly hidden?: Value;
  readonly tabindex?: Value;
  readonly dir?: 'auto' | 'ltr' | 'rtl';
}

interface Field extends Global {
  readonly name?: Value;
  readonly value?: Value;
  readonly type?: 'checkbox' | 'datetime-local' | 'hidden' | 'password' | 'search' | 'text';
  readonly list?: Value;
  readonly step?: Value;
  readonly placeholder?: Value;
  readonly autocomplete?: Value;
  readonly spellcheck?: 'false';
  readonly checked?: Value;
  readonly required?: Value;
  readonly autofocus?: Value;
}

interface Shape extends Global {
  readonly href?: Value;
  readonly width?: Value;
  readonly height?: Value;
  readonly viewBox?: Value;
  readonly preserveAspectRatio?: 'none';
  readonly overflow?: 'visible';
  readonly x?: Value;
  readonly y?: Value;
  readonly x1?: Value;
  readonly x2?: Value;
  readonly y1?: Value;
  readonly y2?: Value;
  readonly r?: Value;
  readonly rx?: Value;
  readonly d?: Value;
  readonly 'text-anchor'?: 'start' | 'middle' | 'end';
}

type Plain =
  | 'article'
  | 'b'
  | 'bdi'
  | 'body'
  | 'caption'
  | 'code'
  | 'datalist'
  | 'dd'
  | 'div'
  | 'dl'
  | 'dt'
  | 'figcaption'
  | 'figure'
  | 'h1'
  | 'h2'
  | 'h3'
  | 'head'
  | 'header'
  | 'i'
  | 'li'
  | 'main'
  | 'nav'
  | 'ol'
  | 'p'
  | 'pre'
  | 'section'
  | 'span'
  | 'strong'
  | 'summary'
  | 'table'
  | 'tbody'
  | 'thead'
  | 'tr'
  | 'ul';
type Drawn = 'circle' | 'defs' | 'g' | 'line' | 'path' | 'rect' | 'svg' | 'symbol' | 'text' | 'title' | 'use';

interface Elements extends Record<Plain, Global>, Record<Drawn, Shape> {
  readonly a: Shape & { readonly rel?: 'prev' | 'next' };
  readonly button: Global & { readonly type?: 'button' | 'submit'; readonly name?: Value; readonly value?: Value };
  readonly details: Global & { readonly open?: Value };
  readonly form: Global & { readonly method: 'get' | 'post'; readonly action: Value };
  readonly html: Global & { readonly lang: string };
  readonly input: Field;
  readonly label: Global & { readonly for?: Value };
  readonly link: Global & { readonly rel: string; readonly href: string };
  readonly meta: Global & { readonly [name in 'name' | 'content' | 'charset' | 'http-equiv']?: Value };
  readonly option: Global & { readonly value?: Value; readonly selected?: Value };
  readonly script: Global & { readonly src: string; readonly defer: true };
  readonly select: Global & { readonly name: string };
  readonly td: Global & { readonly colspan?: Value };
  readonly th: Global & { readonly scope?: 'col' | 'row' };
  readonly time: Global & { readonly datetime: string };
}

/** Where the compiler looks up the types of TSX. An element or attribute that is not named here does not compile. */
export declare namespace JSX {
  type Element = Html;
  type IntrinsicElements = Elements;
  interface ElementChildrenAttribute {
    children: unknown;
  }
}
