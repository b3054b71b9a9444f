/** The path below `public_url` to which a provider redirects people. */
export const LOGIN_CALLBACK = '/login/oidc/callback';

/** Why a login failed, by what can be done about it. */
export type LoginFailure =
  /** The provider does not answer, or not as a provider: it may later. */
  | 'unreachable'
  /** The provider does not accept our client, or what we ask for: the operator of the bridge has to act. */
  | 'misconfigured'
  /** The person, or the provider's rules, refused. */
  | 'denied'
  /** The answer does not belong to this login: it has to begin again. */
  | 'refused';

/** The message is for a person; it holds no secret, no code and no token. */
export class LoginFailed extends Error {
  override readonly name = 'LoginFailed';
  readonly failure: LoginFailure;
  /** For the log alone: who is not logged in need not know our network. */
  readonly detail: string | undefined;
  constructor(failure: LoginFailure, message: string, options?: ErrorOptions & { readonly detail?: string }) {
    super(message, options);
    this.failure = failure;
    this.detail = options?.detail;
  }
}
