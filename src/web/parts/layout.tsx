import { plural } from '../../values/plural.ts';
import { ICON, SCRIPT, STYLE } from '../assets.ts';
import type { Html, Piece } from '../html.ts';
import type { Trouble } from '../trouble.ts';
import { FormToken, type Viewer } from './action-form.tsx';

export interface Page {
  readonly title: string;
  /** The path of the menu item that the page belongs to; absent: nobody is logged in, there is no menu. */
  readonly at?: string;
  /** The reader: the log-out form carries their token. */
  readonly who?: Viewer;
  /** Problems that are marked in the menu. */
  readonly trouble?: Trouble;
  readonly body: Piece;
  /** Parameters of its address that could not be read. */
  readonly notes?: readonly string[];
  /** Another address to load at once. */
  readonly goTo?: string;
}

const MENU = [
  ['/', 'Changes'],
  ['/alerts', 'Alerts'],
  ['/running', 'Running'],
  ['/deliveries', 'Deliveries'],
  ['/inbox', 'Inbox'],
  ['/performance', 'Performance'],
  ['/setup', 'Set-up'],
] as const;

export function page({ title, at, who, trouble, body, notes = [], goTo }: Page): string {
  const document = (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        {goTo !== undefined && <meta http-equiv="refresh" content={`0; url=${goTo}`} />}
        <title>{title} · Shiplog</title>
        <link rel="icon" href={ICON.path} />
        <link rel="stylesheet" href={STYLE.path} />
        {at !== undefined && <script src={SCRIPT.path} defer />}
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <header class="top">
          <a class="name" href="/">
            Shiplog
          </a>
          {at !== undefined && <Menu at={at} who={who} trouble={trouble} />}
        </header>
        <main id="main" tabindex="-1">
          {notes.length > 0 && (
            <ul class="notes">
              {notes.map((note) => (
                <li>{note}</li>
              ))}
            </ul>
          )}
          {body}
        </main>
      </body>
    </html>
  );
  return `<!doctype html>\n${document.markup}\n`;
}

interface MenuView {
  readonly at: string;
  readonly who: Viewer | undefined;
  readonly trouble: Trouble | undefined;
}

const Menu = ({ at, who, trouble }: MenuView): Html => (
  <>
    <nav aria-label="Pages">
      {MENU.map(([path, name]) => (
        <a href={path} aria-current={path === at && 'page'}>
          {name}
          <TroubleBadge at={path} of={trouble} />
        </a>
      ))}
    </nav>
    {who?.role === 'viewer' && <span class="badge">viewer</span>}
    <form method="post" action="/logout">
      <FormToken who={who} />
      <button class="quiet">Log out</button>
    </form>
  </>
);

/** A number, with its meaning for screen readers and on hovering. */
function TroubleBadge({ at, of }: { at: string; of: Trouble | undefined }): Html {
  if (!of) return <></>;
  const { deadLetters, held, failing, refusing } = of;
  const counts: Readonly<Record<string, readonly [number, string]>> = {
    '/deliveries': [
      deadLetters + held + failing,
      [
        deadLetters > 0 && plural(deadLetters, 'dead letter'),
        held > 0 && `${plural(held, 'sink')} waiting`,
        failing > 0 && `${plural(failing, 'sink')} failing`,
      ]
        .filter((part) => part !== false)
        .join(', '),
    ],
    '/inbox': [refusing.length, `rejected within the last hour: ${refusing.join(', ')}`],
  };
  const [count, description] = counts[at] ?? [0, ''];
  if (count === 0) return <></>;
  return (
    <>
      {' '}
      <span class="badge failed" title={description}>
        {count.toLocaleString('en')}
        <span class="hidden"> ({description})</span>
      </span>
    </>
  );
}

/** A heading, with the actions of the page at its right. */
export const Heading = ({ children, aside }: { children: Piece; aside?: Piece }): Html => (
  <div class="heading">
    <h1>{children}</h1>
    {aside !== undefined && <div class="aside">{aside}</div>}
  </div>
);

export const Section = ({ title, children }: { title: string; children: Piece }): Html => (
  <section>
    <h2>{title}</h2>
    {children}
  </section>
);

/** Names and values; a name without a value has no line. */
export const Fields = ({ of }: { of: readonly (readonly [Piece, Piece])[] }): Html => (
  <dl>
    {of
      .filter(([, value]) => value !== undefined && value !== false && value !== '')
      .map(([name, value]) => (
        <div>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
  </dl>
);

export interface PagerView {
  readonly current: number;
  readonly pages: number;
  readonly address: (page: number) => string;
}

/** Links to newer and older pages; nothing where one page holds all. */
export function Pager({ current, pages, address }: PagerView): Html {
  if (pages <= 1) return <></>;
  return (
    <nav class="pager" aria-label="More pages">
      {current > 1 && (
        <a rel="prev" href={address(current - 1)}>
          ← newer
        </a>
      )}{' '}
      <span>
        page {current} of {pages}
      </span>{' '}
      {current < pages && (
        <a rel="next" href={address(current + 1)}>
          older →
        </a>
      )}
    </nav>
  );
}
