import { describe, expect, it } from 'vitest';
import { NameMap } from '../../../src/domain/rules/names.ts';
import { Rule, ruleName } from '../../../src/domain/rules/rule.ts';

/** The first complaint as `key: sentence`. */
function complaint(rule: unknown): string {
  const issue = Rule.safeParse(rule).error?.issues[0];
  return issue ? `${issue.path.join('.')}: ${issue.message}` : 'taken';
}

describe('a rule is refused at start', () => {
  it('when a name in braces is unknown', () => {
    const set = { tags: ['eu', 'team-{team}'] };
    expect(complaint({ set })).toMatch(
      /^set\.tags\.1: there is no value \{team\}: write one of \{repository\.name\}, .*\{branch\}, /,
    );
    expect(complaint({ match: { project: '/^(?<team>[^/]+)/' }, set })).toBe('taken');
  });

  it('when the name is captured only under `not`', () => {
    expect(complaint({ match: { not: { branch: '/^(?<slug>.+)$/' } }, set: { service: '{slug}' } })).toMatch(
      /^set\.service: there is no value \{slug\}/,
    );
  });

  it.each(['{constructor}', '{__proto__}', '{}', '{ service }'])('when it names %s', (text) => {
    expect(complaint({ set: { environment: text } })).toMatch(/^set\.environment: there is no value/);
  });

  it.each(['{service', 'a-{', '{a{service}'])('when a brace in %s does not close', (text) => {
    expect(complaint({ set: { service_id: text } })).toMatch(/^set\.service_id: a "\{" opens a name/);
  });

  it('when it drops everything, for example because a variable in its match is empty', () => {
    expect(complaint({ match: {}, drop: true })).toMatch(/^drop: this drops every deployment/);
    expect(complaint({ match: { environment: '**' }, drop: true })).toBe('taken');
    expect(complaint({ match: { not: { environment: 'production' } }, drop: true })).toBe('taken');
  });

  it('when a value of a closed list is misspelled', () => {
    expect(complaint({ match: { status: 'succeded' } })).toMatch(/^match\.status: write one of pending, running/);
    expect(complaint({ match: { ref_type: ['branch', 'head'] } })).toMatch(
      /^match\.ref_type: write one of branch, tag/,
    );
    expect(complaint({ match: { not: { change_type: 'code_change' } } })).toMatch(
      /^match\.not\.change_type: write one/,
    );
  });

  it('when a pattern is catastrophic, with its key', () => {
    expect(complaint({ match: { not: { branch: ['main', '/(a+)+$/'] } } })).toMatch(
      /^match\.not\.branch\.1: a catastrophic regular expression/,
    );
  });

  it('when it has a key that does not exist, such as not outside of match', () => {
    expect(Rule.safeParse({ not: { branch: 'main' } }).success).toBe(false);
    expect(Rule.safeParse({ match: { not: { not: { branch: 'main' } } } }).success).toBe(false);
    expect(Rule.safeParse({ set: { gitlab_environment: 'x' } }).success).toBe(false);
  });
});

it('a rule without a name is identified by its position', () => {
  expect(ruleName(Rule.parse({ name: 'payments' }), 3)).toBe('payments');
  expect(ruleName(Rule.parse({}), 3)).toBe('rules[3]');
});

describe('a map of names', () => {
  it('is refused when two names differ only in case, and when a name is empty', () => {
    const issues = NameMap.safeParse({ prod: 'production', PROD: 'production-eu' }).error?.issues;
    expect(issues).toMatchObject([{ path: ['PROD'], message: expect.stringMatching(/^is listed twice/) }]);
    expect(NameMap.safeParse({ prod: '' }).success).toBe(false);
    expect(NameMap.safeParse({ prod: 1 }).success).toBe(false);
  });
});
