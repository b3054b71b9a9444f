import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RejectionCode } from '../../src/domain/errors.ts';
import { AnySource } from '../../src/sources/index.ts';
import { IGNORED_REASONS } from '../../src/sources/mapped.ts';
import { REASONS, type Reason, reasonTextFor } from '../../src/sources/reasons.ts';

const REJECTIONS: Readonly<Record<RejectionCode, true>> = {
  bad_signature: true,
  not_json: true,
  bad_payload: true,
  too_large: true,
  unproved: true,
  no_such_source: true,
  wrong_method: true,
};

const INTRODUCTION = `# Why a webhook makes no change

Each webhook gets one verdict. The same verdict is in the answer, in the log line, in the metric
\`shiplog_webhooks_total{verdict, reason}\`, in the inbox and in the output of \`npx shiplog explain\`.

- \`accepted\`: acknowledged. The worker then changes it to \`recorded\`, to \`duplicate\` when this record is already stored,
  or to \`ignored\`.
- \`ignored\`: authentic, but not recorded. Answered with 2xx, as tools disable webhooks that are rejected too often.
- \`rejected\`: not accepted. Answered with 4xx.
- \`unproved\`: an unauthenticated connection test. Answered with 2xx, and not stored.
- \`not_kept\`: not acknowledged. Answered with 503.

Results that only the worker has (\`echo\`, \`dropped_by_rule\`, \`duplicate\`, an answer of the tool's API) are only shown in the
inbox: answer, log line and metric were made before, with \`accepted\`.

A webhook that is not recorded has one of the reasons below; there are no others.
To find the reason for the verdict of a webhook, save its body and run
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
  it('has one heading for each reason', () => {
    const headings = [...readFileSync('docs/reasons.md', 'utf8').matchAll(/^### (\S+)$/gm)].map(([, reason]) => reason);
    expect(headings.toSorted()).toEqual(
      [...IGNORED_REASONS, ...Object.keys(REJECTIONS), 'busy', 'not_kept'].toSorted(),
    );
    expect(Object.keys(REASONS).toSorted()).toEqual(headings.toSorted());
  });

  it('is generated from the code', async () => {
    await expect(page()).toMatchFileSnapshot('../../docs/reasons.md');
  });
});

describe('the text for a reason', () => {
  it('consists of whole sentences', () => {
    for (const words of Object.values(REASONS))
      for (const sentence of [words.means, words.when, words.advice]) expect(sentence).toMatch(/^[A-Z].*\.$/);
  });

  it('is not made up for an unknown reason', () => {
    for (const word of ['recorded', 'toString', '', undefined]) expect(reasonTextFor(word)).toBeUndefined();
    expect(reasonTextFor('echo')).toBe(REASONS.echo);
  });
});
