import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ResolveFailed } from '../../../src/domain/errors.ts';
import { createSource } from './support.ts';

const URL_OF_HOOK = 'https://shiplog.harbor.example/webhooks/argocd-north';

async function linesFor(config: object = {}, order: object = {}) {
  const source = createSource(config);
  const signal = new AbortController().signal;
  return (await source.applyHooks?.({ url: URL_OF_HOOK, targets: [], dryRun: false, signal, ...order })) ?? [];
}

describe('setting up Argo CD', () => {
  it('is one valid YAML file with the address filled in, and the commands in its comments', async () => {
    const api = { url: 'https://argocd.harbor.example', token: 'look-out-of-the-lighthouse' };
    const lines = await linesFor({ api });
    const { kind, data } = parse(lines.join('\n'));
    expect(kind).toBe('ConfigMap');
    expect(parse(data['service.webhook.shiplog']).url).toBe(URL_OF_HOOK);
    expect(parse(data.context)).toEqual({ argocdUrl: 'https://argocd.harbor.example' });
    expect(lines.join('\n')).not.toContain('shiplog.example.com');
    expect(lines.filter((line) => line.includes('kubectl ')).every((line) => line.startsWith('#'))).toBe(true);
    expect(lines.join('\n')).toContain('kubectl patch configmap argocd-notifications-cm');
  });

  it('changes nothing, so a dry run returns the same', async () => {
    expect(await linesFor({}, { dryRun: true })).toEqual(await linesFor());
  });

  it('holds no secret', async () => {
    const source = createSource();
    const text = (await linesFor()).join('\n');
    for (const secret of source.secrets) expect(text).not.toContain(secret);
  });

  it('writes an address with special characters unchanged', async () => {
    const url = "https://shiplog.harbor.example/$&/$'/webhooks/argocd?a=b";
    const { data } = parse((await linesFor({}, { url })).join('\n'));
    expect(parse(data['service.webhook.shiplog']).url).toBe(url);
  });

  it('sends the annotation that is configured', async () => {
    const { data } = parse((await linesFor({ application_commit: { annotation: 'harbor.example/sha' } })).join('\n'));
    expect(data['template.shiplog']).toContain('if or (hasPrefix "shiplog/" $k) (eq $k "harbor.example/sha") }}');
  });

  it('names the requested applications, and nothing that a shell would run', async () => {
    const text = (await linesFor({}, { targets: ['application:buoy', 'x; rm -rf /', '$(id)'] })).join('\n');
    expect(text).toContain('kubectl annotate application buoy -n argocd');
    expect(text).not.toMatch(/rm -rf|\$\(id\)/);
  });

  it.each(['', 'shiplog', 'ftp://shiplog.harbor.example'])('needs an address, not %j', async (url) => {
    await expect(linesFor({}, { url })).rejects.toThrow(ResolveFailed);
  });
});
