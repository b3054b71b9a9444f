import type { Html, Piece } from '../html.ts';

/** One sentence to a reader in place of a page. */
export const Message = ({ title, children }: { title: string; children: Piece }): Html => (
  <>
    <h1>{title}</h1>
    <p class="empty">{children}</p>
  </>
);
