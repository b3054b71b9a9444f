import { digest } from '../domain/change-record.ts';
import { formToken, type Who } from './action-form.ts';
import { type Html, html, type Piece } from './html.ts';
import { SCRIPT_PATH } from './live-script.ts';
import { STYLE } from './style.ts';

export interface Page {
  readonly title: string;
  /** The path of the menu item that the page belongs to; absent: nobody is logged in, there is no menu. */
  readonly at?: string;
  /** Who reads it: the log-out form carries their token. */
  readonly who?: Who;
  readonly body: Piece;
  /** Another address to load at once. */
  readonly goTo?: string;
}

const MENU = [
  ['/', 'Changes'],
  ['/deliveries', 'Deliveries'],
  ['/inbox', 'Inbox'],
  ['/performance', 'Performance'],
  ['/setup', 'Set-up'],
] as const;
/** The digest makes an upgrade visible at once and lets browsers keep the file for ever. */
const STYLE_PATH = `/assets/shiplog.css?v=${digest(STYLE).slice(0, 8)}`;

export function page({ title, at, who, body, goTo }: Page): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${goTo !== undefined && html`<meta http-equiv="refresh" content="0; url=${goTo}">`}
<title>${title} · Shiplog</title>
<link rel="icon" href="/assets/shiplog.svg">
<link rel="stylesheet" href="${STYLE_PATH}">
${at !== undefined && html`<script src="${SCRIPT_PATH}" defer></script>`}
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top"><a class="name" href="/">Shiplog</a>${at !== undefined && menu(at, who)}</header>
<main id="main" tabindex="-1">
${body}
</main>
</body>
</html>
`.markup;
}

const menu = (at: string, who: Who | undefined): Html => html`
<nav aria-label="Pages">${MENU.map(([path, name]) => html`<a href="${path}"${path === at && html` aria-current="page"`}>${name}</a>`)}</nav>
${who?.role === 'viewer' && html`<span class="badge">viewer</span>`}
<form method="post" action="/logout">${formToken(who)}<button class="quiet">Log out</button></form>`;

/** A heading, and at its right what can be done about the page. */
export const heading = (title: Piece, aside?: Piece): Html =>
  html`<div class="heading"><h1>${title}</h1>${aside !== undefined && html`<div class="aside">${aside}</div>`}</div>`;

export const section = (title: string, body: Piece): Html => html`<section><h2>${title}</h2>${body}</section>`;

/** Names and values; what is not known has no line. */
export function fields(rows: readonly (readonly [string, Piece])[]): Html {
  const known = rows.filter(([, value]) => value !== undefined && value !== false && value !== '');
  return html`<dl>${known.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** Newer and older; nothing where one page holds all. */
export function pager(current: number, pages: number, address: (page: number) => string): Html | undefined {
  if (pages <= 1) return undefined;
  return html`<nav class="pager" aria-label="More pages">
${current > 1 && html`<a rel="prev" href="${address(current - 1)}">← newer</a>`} <span>page ${current} of ${pages}</span> ${current < pages && html`<a rel="next" href="${address(current + 1)}">older →</a>`}
</nav>`;
}
