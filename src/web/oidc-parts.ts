import type { OidcLogin } from '../config/auth.ts';
import type { LoginFailure } from '../domain/login.ts';
import type { RefusalLimit } from '../http/refusals.ts';
import type { PersonSessions } from './person-session.ts';

/** What a login by a provider needs beside what every login does. */
export interface OidcParts {
  readonly login: OidcLogin;
  readonly people: PersonSessions;
  readonly publicUrl: string;
  /** Counts failed logins by a provider, by address. */
  readonly failures: RefusalLimit;
  readonly clock: () => Date;
  readonly onLogin: (event: LoginEvent) => void;
}

/** For the log. */
export type LoginEvent =
  | { readonly outcome: 'opened'; readonly by: string; readonly role: string }
  | { readonly outcome: 'not admitted'; readonly by: string }
  | { readonly outcome: LoginFailure; readonly why: string };
