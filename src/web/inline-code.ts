import { type Html, html } from './html.ts';

/** Words between back-ticks are code, as in the docs that share these sentences. */
export const withCode = (text: string): Html =>
  html`${text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`;
