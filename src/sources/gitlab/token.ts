import { z } from 'zod';
import type { GitlabApi } from './api.ts';

/** Null for tokens that never end. It ends when the day begins, in UTC (app/models/concerns/expirable.rb). */
const Token = z.object({
  expires_at: z.iso
    .date()
    .transform((day) => new Date(day))
    .nullish()
    .catch(undefined),
});

/** GitLab 15.5 and later report it for personal, project and group tokens, and never for OAuth tokens. */
export function createTokenExpiresAt({ ask }: GitlabApi) {
  return async function tokenExpiresAt(signal: AbortSignal): Promise<Date | undefined> {
    const { data } = Token.safeParse(await ask.get('/personal_access_tokens/self', { signal }));
    return data?.expires_at ?? undefined;
  };
}
