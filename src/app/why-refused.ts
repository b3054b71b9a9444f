import type { Token } from '../http/access.ts';
import { mistakeWithSecret } from '../sources/near-secret.ts';
import type { Webhook } from '../sources/received-webhook.ts';
import type { Source } from '../sources/source.ts';
import { secretOfAnother, strayFrom, strayText } from '../sources/wrong-secret.ts';
import type { EntryOwner } from './inbox-entry.ts';

export interface WhyRefusedParts {
  /** All sources: somebody may have given the secret or the address of one to the sender of another. */
  readonly sources: readonly Pick<Source, 'name' | 'type' | 'secrets' | 'keptHeaders' | 'proofHeaders'>[];
  /** Of pages and API: they stand beside the secrets where these are shown. */
  readonly tokens: readonly Pick<Token, 'name' | 'token' | 'source'>[];
}

/** What is wrong with the proof of a refused webhook, for the inbox alone: a sender never learns it. */
export function createWhyRefused({ sources, tokens }: WhyRefusedParts) {
  return (owner: EntryOwner, webhook: Webhook, reason: string): string | undefined => {
    const other = secretOfAnother(owner, webhook, sources);
    if (other !== undefined) return `this is the secret of the source "${other}"`;
    if (reason !== 'bad_signature') return undefined;
    const token = tokens.find((one) => one.source === undefined && owner.isProvedBy?.(webhook, [one.token]));
    if (token) return `this is the token "${token.name}" of pages and API: send the secret of the source instead`;
    const stray = strayFrom(owner, webhook, sources);
    if (stray) return strayText(stray);
    const secrets = sources.find(({ name }) => name === owner.name)?.secrets;
    return secrets && mistakeWithSecret({ ...owner, secrets }, webhook);
  };
}
