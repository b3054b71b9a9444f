import { readFileSync } from 'node:fs';
import { ResolveFailed } from '../../domain/errors.ts';
import type { HookOrder } from '../source.ts';
import { webUrl } from './text.ts';

const EXAMPLE_URL = 'https://shiplog.example.com/webhooks/argocd';
const EXAMPLE_ARGOCD = 'https://argocd.example.com';
const OURS = 'hasPrefix "shiplog/" $k';

interface HookSettings {
  readonly argocdUrl: string | undefined;
  readonly annotation: string;
}

/** For the set-up page, which a browser may have reached by an address that is not valid. */
export function configMapFor({ url }: Pick<HookOrder, 'url'>, settings: HookSettings): string {
  try {
    return hooksOf({ url, targets: [] }, settings).join('\n');
  } catch {
    return `service.webhook.shiplog: |\n  url: ${url}`;
  }
}

/**
 * Notifications are set up in the cluster, and Argo CD has no API for it. The lines are the ConfigMap, with the
 * commands as its comments: the whole can be saved as it is, and stays valid YAML.
 * @throws ResolveFailed when there is no address to fill in.
 */
export function hooksOf(
  { url, targets }: Pick<HookOrder, 'url' | 'targets'>,
  settings: HookSettings,
): readonly string[] {
  const address = webUrl(url);
  if (!address) throw new ResolveFailed(`not the address of a webhook: write https://…`, { retry: 'never' });
  const configMap = readFileSync(new URL('./configmap.yaml', import.meta.url), 'utf8')
    .replace(EXAMPLE_URL, () => address.href)
    .replace(EXAMPLE_ARGOCD, () => settings.argocdUrl ?? EXAMPLE_ARGOCD)
    .replace(OURS, () => (settings.annotation.startsWith('shiplog/') ? OURS : `${alsoTakes(settings.annotation)}`));
  return [...instructions(targets, settings.argocdUrl), '', ...configMap.trimEnd().split('\n')];
}

const alsoTakes = (annotation: string) => `or (${OURS}) (eq $k ${JSON.stringify(annotation)})`;

function instructions(targets: readonly string[], argocdUrl: string | undefined): string[] {
  const lines = [
    'Argo CD has no API for this. Save these lines as shiplog-configmap.yaml, then run in a shell:',
    '',
    '  export SHIPLOG_ARGOCD_TOKEN=...   # a secret of this source: npx shiplog secrets',
    '  kubectl patch secret argocd-notifications-secret -n argocd --type merge \\',
    `    -p "$(printf '{"stringData":{"shiplog-token":"%s"}}' "$SHIPLOG_ARGOCD_TOKEN")"`,
    '  kubectl patch configmap argocd-notifications-cm -n argocd --type merge --patch-file shiplog-configmap.yaml',
    '',
    ...(argocdUrl ? [] : ['Before that, write the address of your Argo CD for argocdUrl.', '']),
    'Every application is subscribed. To subscribe one by one, delete the key "subscriptions" and run:',
    '',
    ...namesOf(targets).map(
      (name) =>
        `  kubectl annotate application ${name} -n argocd notifications.argoproj.io/subscribe.on-shiplog.shiplog=""`,
    ),
  ];
  return lines.map((line) => `# ${line}`.trimEnd());
}

/** Anything that is no name of an application would be a command in the shell that it is pasted into. */
function namesOf(targets: readonly string[]): readonly string[] {
  const names = targets
    .map((target) => target.replace(/^application:/, ''))
    .filter((name) => /^[a-z0-9.-]+$/.test(name));
  return names.length > 0 ? names : ['my-app'];
}
