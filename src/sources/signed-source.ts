import { z } from 'zod';
import { MEBIBYTE, Secrets } from '../values/settings.ts';
import { Projects } from './projects.ts';
import type { Webhook, WebhookHead } from './received-webhook.ts';
import { passes } from './signature.ts';
import type { Source } from './source.ts';

/** The settings of a source whose tool signs its webhooks with one of our secrets, and names no environment. */
export const SIGNED_SOURCE = {
  secrets: Secrets,
  max_body_mib: z.number().positive().max(25).default(1),
  /** GitLab projects that its deployments may be written to. Absent: all. */
  projects: Projects,
  /** A name in the tool's webhooks → environment. Case is ignored. */
  environments: z
    .record(z.string(), z.string().min(1))
    .default({})
    .transform(
      (named): ReadonlyMap<string, string> =>
        new Map(Object.entries(named).map(([place, environment]) => [place.toLowerCase(), environment])),
    ),
} as const;

interface SignedConfig {
  readonly name: string;
  readonly secrets: readonly string[];
  readonly max_body_mib: number;
  readonly projects?: Source['projects'];
}

/** How the tool authenticates. */
interface Proof {
  /** The header with the signature, and the signature of `body` with `secret`. */
  readonly header: string;
  readonly sign: (body: string, secret: string) => string;
  /** @throws WebhookRejected `bad_signature` */
  readonly verify: (webhook: Webhook, secrets: readonly string[]) => void;
  /**
   * The same for the headers alone.
   * @throws WebhookRejected `bad_signature`
   */
  readonly verifyHeaders: (head: WebhookHead) => 'needs_body';
  readonly sampleBody: (at: Date) => string;
}

/** Everything of such a source but its facts, its mapping and its recipe. */
export function signedSource(
  { name, secrets, max_body_mib, projects }: SignedConfig,
  { header, sign, verify, verifyHeaders, sampleBody }: Proof,
) {
  return {
    name,
    secrets,
    maxBodyBytes: Math.floor(max_body_mib * MEBIBYTE),
    projects,
    verify: (webhook) => verify(webhook, secrets),
    isProvedBy: (webhook, others) => passes(() => verify(webhook, others)),
    verifyHeaders,
    sample(at) {
      const body = sampleBody(at);
      const headers = { 'content-type': 'application/json', [header]: sign(body, secrets[0] ?? '') };
      return { path: `/webhooks/${name}`, headers, body };
    },
  } satisfies Partial<Source>;
}
