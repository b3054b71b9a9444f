/** Where a provider sends people back to, below `public_url`. */
export const LOGIN_CALLBACK = '/login/oidc/callback';

/** What a person does about a login that failed. */
export type LoginFailure =
  /** The provider does not answer, or not as one: later it may. */
  | 'unreachable'
  /** The provider does not take who we are, or what we ask for: whoever runs the bridge has to act. */
  | 'misconfigured'
  /** The person, or the provider's rules, said no. */
  | 'denied'
  /** The answer is not that of this login: begin again. */
  | 'refused';

/** The message is for a person; it holds no secret, no code and no token. */
export class LoginFailed extends Error {
  override readonly name = 'LoginFailed';
  readonly failure: LoginFailure;
  /** For the log alone: whoever is not logged in need not know our network. */
  readonly detail: string | undefined;
  constructor(failure: LoginFailure, message: string, options?: ErrorOptions & { readonly detail?: string }) {
    super(message, options);
    this.failure = failure;
    this.detail = options?.detail;
  }
}
