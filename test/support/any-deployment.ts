import fc from 'fast-check';
import { ChangeType, State, Tier } from '../../src/domain/change-record.ts';
import type { Deployment } from '../../src/domain/deployment.ts';
import { aDeployment, sha } from './deployment.ts';

const text = fc
  .oneof(fc.constantFrom('', ' ', '\n', '..', '<!channel>', '🚢', '\ud83d', 'a"b\\c'), fc.string({ unit: 'grapheme' }))
  .filter((drawn) => !/[{}]|undefined|^\s*null\s*$/.test(drawn));
const time = fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 }).map((ms) => new Date(ms).toISOString());
const url = fc.constantFrom('https://ci.example.com/1', '', 'https://ci.example.com/a|b>c&d');
const partly = <Value extends object>(model: { [Key in keyof Value]: fc.Arbitrary<Value[Key]> }) =>
  fc.record(model, { requiredKeys: [] });

/** What tools may tell: much of it missing, empty, blank, or of strange characters. Nothing in it looks like a template. */
export const anyDeployment: fc.Arbitrary<Deployment> = fc
  .tuple(
    fc.record({
      key: text,
      state: fc.constantFrom(...State.options),
      changeType: fc.constantFrom(...ChangeType.options),
      service: text,
      occurredAt: time,
      receivedAt: time,
      artifacts: fc.array(text),
      tags: fc.array(text),
      environment: text.map((name) => ({ name })),
    }),
    partly({
      summary: text,
      description: text,
      ref: text,
      tag: fc.boolean(),
      actor: text,
      pipelineUrl: url,
      jobUrl: url,
      startedAt: time,
      finishedAt: time,
      repository: fc.record({ name: text, url }),
      commit: partly({ sha: fc.constantFrom(sha(1), ''), title: text, message: text }),
      environment: fc.record({ name: text, tier: fc.constantFrom(...Tier.options) }),
      pullRequest: fc.record({ number: text, url, title: text }),
      replaced: fc.record({ deployment: text, sha: fc.constant(sha(2)), compareUrl: url }),
    }),
  )
  .map(([required, known]) => {
    const { ref, commit, actor, repository, startedAt, finishedAt, ...bare } = aDeployment();
    return { ...bare, ...required, ...known };
  });
