import { describe, expect, it } from 'vitest';
import { explain } from '../../src/explain/explain.ts';
import { AnySource } from '../../src/sources/index.ts';
import { createSourceNames } from '../../src/sources/names.ts';
import { aConfig, SECRET } from '../explain/support.ts';

/** Alerts are no deployments. */
const TYPES = AnySource.options.map((option) => option.in.shape.type.value).filter((type) => type !== 'alerts');
const sourceOf = (type: string) => AnySource.parse({ type, secrets: [SECRET] });

describe('the name of a tool in a change log', () => {
  it('is the one of its source, and its type if it is no longer configured', () => {
    const name = createSourceNames([
      { type: 'bitbucket', changeLogName: 'bitbucket-pipelines' },
      { type: 'changes-api', changeLogName: undefined },
    ]);
    expect(name('bitbucket')).toBe('bitbucket-pipelines');
    expect(name('changes-api')).toBeUndefined();
    expect(name('gitlab')).toBe('gitlab');
  });

  it.each(TYPES)('reaches Alert24 with a deployment of %s', async (type) => {
    const source = sourceOf(type);
    const at = new Date('2026-03-14T21:00:00Z');
    const { path, headers, body } = source.sample(at);
    const webhook = { id: 'w', method: 'POST', path, headers, body: Buffer.from(body), receivedAt: at };
    const { sinks, rules, routing } = aConfig();
    const { deployments } = await explain(source, webhook, { sinks, rules, routing, checkSignature: false });
    const request = deployments[0]?.sinks.find((sink) => sink.type === 'alert24')?.request;
    const reported = deployments[0]?.deployment.reportedSource;
    expect(request?.body).toMatchObject({ source: reported ?? source.changeLogName });
    expect(reported ?? source.changeLogName).toBeTruthy();
  });
});
