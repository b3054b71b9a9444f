import type { Html } from '../html.ts';

/** Text between back-ticks is code, as in the docs that share these sentences. */
export const WithCode = ({ children }: { children: string }): Html => (
  <>{children.split('`').map((part, index) => (index % 2 === 1 ? <code>{part}</code> : part))}</>
);

/** The first line of what was deployed, in the author's words. */
export const firstLine = (text: string | undefined): string | undefined =>
  text
    ?.split('\n')
    .find((line) => line.trim())
    ?.trim();
