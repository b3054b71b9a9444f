import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RejectionCode } from '../../src/domain/errors.ts';
import { AnySource } from '../../src/sources/index.ts';
import { REASONS, type Reason, reasonTextFor } from '../../src/sources/reasons.ts';
import { IGNORED_REASONS } from '../../src/sources/source.ts';

const REJECTIONS: Readonly<Record<RejectionCode, true>> = {
  bad_signature: true,
  not_json: true,
  bad_payload: true,
  too_large: true,
  unproved: true,
  no_such_source: true,
};

const INTRODUCTION = `# Why a webhook makes no change

Each webhook gets one verdict. The same word stands in the answer, in the log line, in the metric
\`shiplog_webhooks_total{verdict, reason}\`, in the inbox and in the output of \`npx shiplog explain\`.

- \`accepted\`: acknowledged. The worker then makes it \`recorded\`, or \`duplicate\` when this very step was known already,
  or \`ignored\`.
- \`ignored\`: authentic, and no change. Answered 2xx, because tools switch a webhook off that is refused too often.
- \`rejected\`: not taken. Answered 4xx.
- \`unproved\`: a connection test that nothing proves. Answered 2xx, and not kept.
- \`not_kept\`: not acknowledged. Answered 503.

What only the worker finds out (\`echo\`, \`dropped_by_rule\`, \`duplicate\`, an answer of the tool's API) stands in the inbox
alone: answer, log line and metric were made before and say \`accepted\`.

A webhook that makes no change has one of the reasons below; there are no others.
To see why a webhook of yours has its verdict, save its body and run
\`npx shiplog explain payload.json --source gitlab\`.
`;

const HEADLINES = { ignored: 'Ignored', rejected: 'Rejected', not_kept: 'Not kept' } as const;

const TOOLS = AnySource.options.map((option) =>
  AnySource.parse({ type: option.in.shape.type.value, secrets: ['a-secret-of-24-characters'] }),
);

function page(): string {
  const sections = {
    ignored: IGNORED_REASONS,
    rejected: Object.keys(REJECTIONS) as Reason[],
    not_kept: ['busy', 'not_kept'],
  } as const; // the keys of REJECTIONS
  const parts = Object.entries(HEADLINES).map(([kind, headline]) => {
    const reasons: readonly Reason[] = sections[kind as keyof typeof HEADLINES]; // its own keys
    return `## ${headline}\n\n${reasons.map(paragraph).join('\n')}`;
  });
  return `${INTRODUCTION}\n${parts.join('\n')}`;
}

function paragraph(reason: Reason): string {
  const { means, when, advice } = REASONS[reason];
  const notes = TOOLS.flatMap(({ productName, reasonNotes }) => {
    const note = Object.entries(reasonNotes).find(([name]) => name === reason)?.[1];
    return note === undefined ? [] : [`- ${productName}: ${note}`];
  });
  return [`### ${reason}`, '', means, '', `- When: ${when}`, ...notes, `- What to do: ${advice}`, ''].join('\n');
}

describe('docs/reasons.md', () => {
  it('has a heading for each reason, no more and no less', () => {
    const headings = [...readFileSync('docs/reasons.md', 'utf8').matchAll(/^### (\S+)$/gm)].map(([, reason]) => reason);
    expect(headings.toSorted()).toEqual(
      [...IGNORED_REASONS, ...Object.keys(REJECTIONS), 'busy', 'not_kept'].toSorted(),
    );
    expect(Object.keys(REASONS).toSorted()).toEqual(headings.toSorted());
  });

  it('says what the code says', async () => {
    await expect(page()).toMatchFileSnapshot('../../docs/reasons.md');
  });
});

describe('the words for a reason', () => {
  it('are whole sentences', () => {
    for (const words of Object.values(REASONS))
      for (const sentence of [words.means, words.when, words.advice]) expect(sentence).toMatch(/^[A-Z].*\.$/);
  });

  it('are not made up for a word that is no reason', () => {
    for (const word of ['recorded', 'toString', '', undefined]) expect(reasonTextFor(word)).toBeUndefined();
    expect(reasonTextFor('echo')).toBe(REASONS.echo);
  });
});
