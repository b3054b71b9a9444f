import { exactly, type Html, type Piece, safeHref } from '../html.ts';

/** A link where the address is http, https or one of ours; anything else is shown as text. */
export function Link({ to, children }: { to: string | undefined; children: Piece }): Html {
  if (to === undefined) return <>{children}</>;
  const href = safeHref(to);
  if (href !== undefined) return <a href={exactly(href)}>{children}</a>;
  return (
    <>
      {children} <span class="mute">({to})</span>
    </>
  );
}
