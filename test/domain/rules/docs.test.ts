import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { Criteria } from '../../../src/domain/rules/match.ts';
import { NameMap, Rule, RulesMode, route } from '../../../src/domain/rules/routing.ts';
import { aDeployment } from '../../support/deployment.ts';

const page = readFileSync('docs/rules.md', 'utf8');

const Configuration = z.strictObject({
  environments: NameMap.optional(),
  services: NameMap.optional(),
  rules_mode: RulesMode.optional(),
  rules: z.array(Rule).default([]),
});
const Case = z.strictObject({ given: z.record(z.string(), z.unknown()), becomes: z.record(z.string(), z.unknown()) });

/** Each case of the page with the configuration that stands before it. */
const examples = (() => {
  let before: unknown;
  return [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].flatMap(([, text = '']) => {
    const block: unknown = parse(text);
    const example = Case.safeParse(block);
    if (example.success) return [{ configuration: before, example: example.data, title: text.split('\n')[0] }];
    before = block;
    return [];
  });
})();

describe('docs/rules.md', () => {
  it.each(examples)('is right about $title', ({ configuration, example: { given, becomes } }) => {
    const { rules, rules_mode: mode, environments, services } = Configuration.parse(configuration);
    const { environment = 'sandbox', tier, ...rest } = given;
    const place = { name: String(environment), ...(tier !== undefined && { tier }) };
    // The page's own examples: a field that does not exist would make no difference, and the case would fail.
    const deployment = { ...aDeployment({ tags: [] }), ...rest, environment: place } as ReturnType<typeof aDeployment>;
    const routed = route(deployment, rules, {
      ...(mode && { mode }),
      ...(environments && { environments }),
      ...(services && { services }),
    });
    const now = { ...routed.deployment, environment: routed.deployment.environment.name };
    const { sinks, join, droppedBy } = routed;
    const joins = join === undefined ? {} : { join };
    expect({ ...now, ...joins, ...(sinks && { sinks }), ...(droppedBy && { dropped: droppedBy }) }).toMatchObject(
      becomes,
    );
  });

  it('has a test for every configuration that it shows', () => {
    expect(examples.length).toBeGreaterThanOrEqual(10);
    const shown = [...page.matchAll(/^```yaml\n(?!given)/gm)].length;
    expect(new Set(examples.map(({ configuration }) => configuration)).size).toBe(shown);
  });

  it('lists every key of `match` and `set`', () => {
    for (const key of [...Object.keys(Criteria.shape), ...Object.keys(Rule.shape.set.unwrap().shape)])
      expect(page).toContain(`\`${key}\``);
  });
});
