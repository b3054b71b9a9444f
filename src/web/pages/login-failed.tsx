import type { OidcLogin } from '../../config/auth.ts';
import type { LoginFailure } from '../../domain/login.ts';
import type { Html } from '../html.ts';

export interface FailedView {
  readonly failure: LoginFailure;
  readonly why: string;
  readonly login: Pick<OidcLogin, 'label' | 'only'>;
}

const ADVICE: Readonly<Record<LoginFailure, string>> = {
  unreachable: 'It may answer again in a moment.',
  misconfigured: 'The operator of Shiplog must correct auth.oidc in its configuration, or the client at the provider.',
  denied: 'The operator of the provider can say why.',
  refused: 'Begin again.',
};

export const Failed = ({ failure, why, login: { label, only } }: FailedView): Html => (
  <>
    <h1>You are not logged in</h1>
    <p class="empty">
      The login with {label} failed: {why}. {ADVICE[failure]}
    </p>
    <p>
      <a href="/login/oidc">Try again</a>
      {!only && (
        <>
          {' '}
          or <a href="/login">log in with a token</a>
        </>
      )}
    </p>
    {only && failure !== 'refused' && failure !== 'denied' && (
      <p class="mute">
        Tokens do not open these pages while <code>auth.oidc.only</code> is set. They still open the API, and{' '}
        <code>npx shiplog</code> shows the change log meanwhile.
      </p>
    )}
  </>
);

export const NotAdmitted = ({ name, label }: { name: string; label: string }): Html => (
  <>
    <h1>You may not open these pages</h1>
    <p class="empty">
      {label} knows you as {name}, but none of your groups opens Shiplog. Ask whoever runs it which group you need, and
      then <a href="/login/oidc">log in again</a>.
    </p>
  </>
);

export const TooMany = (): Html => (
  <>
    <h1>Wait a minute</h1>
    <p class="empty">
      Too many logins from this address failed. <a href="/login">Try again</a> in a minute.
    </p>
  </>
);
