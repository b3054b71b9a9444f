import { z } from 'zod';
import type { AlertReport } from '../../domain/alert.ts';
import { BaseUrl, Credential } from '../../values/settings.ts';
import { createApiClient } from '../api-client.ts';
import { pathSegment } from '../path-segment.ts';

/** PagerDuty allows 960 requests a minute for one token; in a storm of incidents not each needs a note. */
const PER_HOUR = 600;

/** Incidents get a note by PagerDuty's REST API. */
export const PagerDuty = z
  .strictObject({
    token: Credential('token'),
    /** The e-mail address of a user, which PagerDuty asks for: the note is theirs. */
    from: Credential('e-mail address'),
    /** https://api.eu.pagerduty.com in the EU service region. */
    url: BaseUrl.default('https://api.pagerduty.com'),
  })
  .transform(({ token, from, url }) => {
    const ask = createApiClient({
      baseUrl: url,
      name: 'PagerDuty',
      headers: { authorization: `Token token=${token}`, accept: 'application/vnd.pagerduty+json;version=2', from },
      secret: token,
      perHour: PER_HOUR,
    });
    return {
      token,
      async note({ tool, remoteId }: AlertReport, content: string, signal: AbortSignal): Promise<void> {
        if (tool !== 'pagerduty' || remoteId === undefined) return;
        await ask.send('POST', `/incidents/${pathSegment(remoteId)}/notes`, { body: { note: { content } }, signal });
      },
    };
  });
