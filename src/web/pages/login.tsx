import type { OidcLogin } from '../../config/auth.ts';
import { exactly, type Html, localPath } from '../html.ts';

export interface LoginView {
  /** Where to go afterwards. */
  readonly next: string;
  readonly complaint?: string | undefined;
  /** How people log in who have no token. */
  readonly oidc: Pick<OidcLogin, 'label' | 'only'> | undefined;
}

export function loginPage({ next, complaint, oidc }: LoginView): Html {
  const to = localPath(next) ?? '/';
  return (
    <form class="login" method="post" action="/login">
      <h1>Shiplog</h1>
      <p class="mute">Log in to see what changed.</p>
      {complaint && (
        <p class="complaint" role="alert">
          {complaint}
        </p>
      )}
      {oidc && (
        <p>
          <a class="go" href={exactly(`/login/oidc?next=${encodeURIComponent(to)}`)}>
            Log in with {oidc.label}
          </a>
        </p>
      )}
      {oidc?.only ? (
        <p class="mute">Tokens open the API, and not these pages.</p>
      ) : (
        <TokenFields to={to} isOnlyWay={!oidc} />
      )}
    </form>
  );
}

/** Beside a provider it is the lesser way: for machines' owners, and for the day on which the provider is down. */
const TokenFields = ({ to, isOnlyWay }: { to: string; isOnlyWay: boolean }): Html => (
  <>
    {!isOnlyWay && <p class="or mute">or with a token</p>}
    <input type="hidden" name="next" value={exactly(to)} />
    <input type="text" name="username" value="shiplog" autocomplete="username" hidden />
    <label for="token">Token</label>
    <input id="token" type="password" name="token" autocomplete="current-password" required autofocus={isOnlyWay} />
    <button class={isOnlyWay && 'go'}>Log in</button>
    <p class="mute">
      The admin token is shown by <code>npx shiplog secrets</code> on the machine that Shiplog runs on. A viewer token
      shows the pages and changes nothing.
    </p>
  </>
);

/** It leads on to the log-out at the provider. */
export const loggedOutPage = ({ label, there }: { readonly label: string; readonly there: string }): Html => (
  <div class="login">
    <h1>Logged out of Shiplog</h1>
    <p>
      <a href={there}>Log out of {label} as well</a>
    </p>
    <p>
      <a href="/login">Log in again</a>
    </p>
  </div>
);
