interface Configured {
  readonly admin_token: string;
  readonly viewer_token?: string | undefined;
  readonly metrics_token?: string | undefined;
  readonly tokens: readonly { readonly token: string }[];
  readonly auth?: { readonly oidc?: { readonly client_secret: string } } | undefined;
  readonly sources: readonly { readonly secrets: readonly string[]; readonly hidden?: readonly string[] | undefined }[];
  readonly sinks: readonly ({ readonly secrets: readonly string[] } | undefined)[];
}

type Path = readonly (string | number)[];

/** A part that was refused for another reason is still unparsed: its secrets may be anything. */
const listed = (secrets: unknown): readonly string[] => (Array.isArray(secrets) ? secrets : []);

/**
 * A token that is used twice grants more than was meant: a CI job whose changes token is also the admin token is an
 * admin. Several sources may share a secret.
 */
export function sharedTokens(config: Configured): { readonly path: (string | number)[]; readonly message: string }[] {
  const own: { path: Path; token: string | undefined; called: string }[] = [
    { path: ['admin_token'], token: config.admin_token, called: 'the admin token' },
    { path: ['viewer_token'], token: config.viewer_token, called: 'the viewer token' },
    { path: ['metrics_token'], token: config.metrics_token, called: 'the metrics token' },
    ...config.tokens.map(({ token }, at) => ({ path: ['tokens', at, 'token'], token, called: `tokens[${at}]` })),
  ];
  const oidcSecret = config.auth?.oidc?.client_secret;
  const others = [
    ...(oidcSecret === undefined ? [] : [{ token: oidcSecret, called: 'auth.oidc.client_secret' }]),
    ...config.sources.flatMap(({ secrets, hidden = [] }, at) =>
      [...listed(secrets), ...listed(hidden)].map((token) => ({ token, called: `a secret of sources[${at}]` })),
    ),
    ...config.sinks.flatMap((sink, at) =>
      listed(sink?.secrets).map((token) => ({ token, called: `a secret of sinks[${at}]` })),
    ),
  ];
  return own.flatMap(({ path, token }, at) => {
    const same = token === undefined ? undefined : [...own.slice(0, at), ...others].find((one) => one.token === token);
    if (!same) return [];
    return [
      {
        path: [...path],
        message: `it is ${same.called}: use a different secret for each`,
      },
    ];
  });
}
