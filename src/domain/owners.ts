import { z } from 'zod';
import { TypedText } from '../values/text.ts';
import { URL_CHARS, webUrl } from '../values/url.ts';
import { matchAny, Patterns } from './rules/pattern.ts';

const Text = TypedText.min(1);
const Link = webUrl('write an address that begins with https:// or http://').max(URL_CHARS);

/** The team that is called when a service breaks. */
export interface Owner {
  readonly team: string;
  readonly channel?: string | undefined;
  /** Addresses of pages. */
  readonly runbook?: string | undefined;
  readonly on_call?: string | undefined;
}

/** The first entry that matches a service owns it. */
export const Owners = z.array(
  z.strictObject({
    service: Patterns,
    team: Text,
    channel: Text.optional(),
    runbook: Link.optional(),
    on_call: Link.optional(),
  }),
);
export type Owners = z.output<typeof Owners>;

export function ownerOf(owners: Owners, service: string): Owner | undefined {
  const found = owners.find((owner) => matchAny(owner.service, [service]) !== undefined);
  if (!found) return undefined;
  const { service: _, ...owner } = found;
  return owner;
}

export const isTeam = (owner: Owner | undefined, team: string): boolean =>
  owner?.team.toLowerCase() === team.toLowerCase();
