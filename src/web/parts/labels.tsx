import type { Html, Piece } from '../html.ts';

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

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

/**
 * A title with a name in it: where that is written from right to left, it is isolated. Otherwise it would move the
 * digits of the commit beside it: `@ 741e06a4` would be read as `741 @ … e06a4`.
 */
export function Title({ of: title, name }: { of: string; name: string }): Html {
  const parts: Piece =
    RIGHT_TO_LEFT.test(name) && title.includes(name)
      ? title.split(name).map((part, at) => [at > 0 && <bdi>{name}</bdi>, part])
      : title;
  return <bdi>{parts}</bdi>;
}
