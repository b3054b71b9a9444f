import type { ForgeAddress, Repository } from './forge.ts';
import { between, linesOf, numberOf } from './message.ts';

/** github.com and GitHub Enterprise Server, which have the same pages. */
export function githubRepository({ origin, segments }: ForgeAddress): Repository | undefined {
  const [owner, name] = segments;
  if (!owner || !name) return undefined;
  const path = `${owner}/${name}`;
  const url = `${origin}/${path}`;
  const mergeRequestUrl = (number: string) => `${url}/pull/${encodeURIComponent(number)}`;
  return {
    forge: 'GitHub',
    mergeRequestSign: '#',
    path,
    url,
    commitUrl: (sha) => `${url}/commit/${encodeURIComponent(sha)}`,
    compareUrl: (from, to) => `${url}/compare/${encodeURIComponent(from)}...${encodeURIComponent(to)}`,
    mergeRequestUrl,
    mergeRequestOf(message) {
      const number = numberIn(linesOf(message).first);
      return number === undefined ? undefined : { number, url: mergeRequestUrl(number) };
    },
  };
}

/** "Merge pull request #7 from mira/lamp", or the title of a squashed one: "Turn the lamp (#7)". */
function numberIn(title: string): string | undefined {
  const merged = numberOf(between(title, 'Merge pull request #', ' from '));
  if (merged) return merged;
  const open = title.lastIndexOf(' (#');
  return open === -1 || !title.endsWith(')') ? undefined : numberOf(title.slice(open + 3, -1));
}
