import type { SetupSeen } from '../../domain/setup-seen.ts';
import { isNotification } from './contract.ts';
import { Notification } from './schema.ts';
import { TEMPLATE_VERSION } from './template-version.ts';
import { webUrl } from './text.ts';

const NAMELESS = 'Argo CD';

/** Bodies of other templates than ours show nothing. */
export function setupSeenIn(payload: unknown): SetupSeen | undefined {
  if (typeof payload !== 'object' || payload === null || !isNotification(payload)) return undefined;
  const { version, argocd_url } = Notification.parse(payload);
  const place = webUrl(argocd_url)?.origin ?? NAMELESS;
  return version >= TEMPLATE_VERSION ? { place } : { place, advice: adviceFor(place, version) };
}

const FILE = 'shiplog-configmap.yaml';
const PATCH = `kubectl patch configmap argocd-notifications-cm -n argocd --type merge --patch-file ${FILE}`;

const adviceFor = (place: string, version: number): string =>
  [
    `${place === NAMELESS ? place : `Argo CD at ${place}`} sends by an older ConfigMap`,
    `(version ${version || 1} of the template, and ${TEMPLATE_VERSION} is the newest):`,
    'recoveries, roll-backs of images, people and the reasons of failures are missing.',
    'Print the new one with `npx shiplog hooks apply`, or take it from the set-up page,',
    `save it as \`${FILE}\`, and run \`${PATCH}\`:`,
    'it changes the keys `template.shiplog`, `trigger.on-shiplog` and `trigger.on-shiplog-again`.',
  ].join(' ');
