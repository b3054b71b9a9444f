import { z } from 'zod';
import { createOpenIdProvider, type OpenIdProvider } from '../outbound/openid.ts';
import { Credential, MIN_SECRET_CHARS } from '../values/settings.ts';
import { webUrl } from '../values/url.ts';
import { type ProxyAuth, ProxyHeader, TrustedProxies } from './proxy-auth.ts';

const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

const Issuer = webUrl('write the issuer as the provider names it, such as https://id.example.com').refine(
  (text) => text.startsWith('https:') || (URL.canParse(text) && LOOPBACK.test(new URL(text).hostname)),
  'the issuer must be https: whoever reads or changes what it says logs in as anybody',
);

const Group = z.string().min(1).max(500);
const ClaimName = z.string().min(1).max(200);

/** An OpenID Connect provider that says who somebody is. The groups decide what they may do. */
const Oidc = z
  .strictObject({
    issuer: Issuer,
    client_id: Credential('client id'),
    /** Sessions are derived from it: a short one could be guessed from a cookie. */
    client_secret: Credential('client secret').min(
      MIN_SECRET_CHARS,
      `the client secret has less than ${MIN_SECRET_CHARS} characters: have the provider make a longer one`,
    ),
    scopes: z.array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/)).default(['openid', 'profile', 'email']),
    /** The claim with the groups; dots lead into it, as in realm_access.roles. */
    groups_claim: ClaimName.default('groups'),
    /**
     * The claim by which the log names a person. Default: the first that is present of those that providers usually
     * send.
     */
    name_claim: ClaimName.optional(),
    admin: z
      .array(Group.refine((group) => group !== '*', 'name the groups of admins: not everybody is one'))
      .default([]),
    /** `*`: everybody whom the provider lets log in. */
    read: z.array(Group).default([]),
    /** The text of the button: "Log in with Harbor". */
    label: z.string().min(1).max(40).default('single sign-on'),
    /** Tokens no longer open the pages. They keep opening the API. */
    only: z.boolean().default(false),
    /** After this time a person has to log in again, with the groups that they have then. */
    session_hours: z.coerce.number().positive().max(720).default(12),
  })
  .refine(({ scopes }) => scopes.includes('openid'), { path: ['scopes'], error: 'the scopes must include openid' })
  .refine(({ admin, read }) => admin.length + read.length > 0, {
    path: ['read'],
    error: 'name at least one group under admin or read: otherwise nobody could log in',
  });
export type Oidc = z.infer<typeof Oidc>;

/** How people log in to the pages by a provider. */
export interface OidcLogin extends Omit<Oidc, 'issuer' | 'scopes'> {
  readonly issuer: string;
  readonly provider: OpenIdProvider;
}

const NAMES = ['preferred_username', 'nickname', 'email', 'name'];

function toLogin(oidc: Oidc): OidcLogin {
  const wanted = [oidc.groups_claim.split('.')[0] ?? '', oidc.name_claim ?? NAMES[0] ?? ''];
  return { ...oidc, provider: createOpenIdProvider({ ...oidc, wanted }) };
}

/** How persons are identified: by a proxy that has authenticated them, by a provider, or both. */
export const Auth = z
  .strictObject({ proxy_header: ProxyHeader.optional(), trusted: TrustedProxies.optional(), oidc: Oidc.optional() })
  .refine(({ proxy_header, trusted }) => (proxy_header === undefined) === (trusted === undefined), {
    error: 'proxy_header and trusted go together: any other sender could forge the header',
  })
  .transform(({ proxy_header, trusted, oidc }) => ({
    ...(proxy_header && trusted && { proxy: { proxy_header, trusted } satisfies ProxyAuth }),
    ...(oidc && { oidc: toLogin(oidc) }),
  }));
