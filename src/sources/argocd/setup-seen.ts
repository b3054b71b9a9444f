import type { SetupSeen } from '../setup-seen.ts';
import { isNotification } from './contract.ts';
import { Notification } from './schema.ts';
import { TEMPLATE_VERSION } from './template-version.ts';
import { webUrl } from './text.ts';

/** Bodies of other templates than ours show nothing. */
export function setupSeenIn(payload: unknown): SetupSeen | undefined {
  if (typeof payload !== 'object' || payload === null || !isNotification(payload)) return undefined;
  const { version, argocd_url } = Notification.parse(payload);
  const place = webUrl(argocd_url)?.origin ?? 'Argo CD';
  return version >= TEMPLATE_VERSION ? { place } : { place, advice: adviceFor(place, version) };
}

const adviceFor = (place: string, version: number): string =>
  `${place === 'Argo CD' ? place : `Argo CD at ${place}`} sends by an older ConfigMap (version ${version || 1} of the template, and ${TEMPLATE_VERSION} is the newest): recoveries, roll-backs of images, people and the reasons of failures are missing. Print the new one with \`npx shiplog hooks apply\`, or take it from the set-up page, save it as \`shiplog-configmap.yaml\`, and run \`kubectl patch configmap argocd-notifications-cm -n argocd --type merge --patch-file shiplog-configmap.yaml\`: it changes the keys \`template.shiplog\`, \`trigger.on-shiplog\` and \`trigger.on-shiplog-again\`.`;
