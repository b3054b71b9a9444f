import type { Preset } from '../preset.ts';

/** Verbatim: Slack makes no links, channels and mentions of what looks like one. */
const textBlock = (text: object) => ({ type: 'mrkdwn', verbatim: true, text });

/**
 * https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks . What comes from outside is escaped: a
 * commit may be titled `<!channel>`.
 */
export const slack: Preset = {
  version: 1,
  settings: {},
  secrets: { url: { what: 'the URL of an incoming webhook' } },
  request: {
    url: '{secrets.url}',
    states: ['succeeded', 'failed'],
    body: {
      text: { path: 'summary', escape: 'html', truncate: 2900 },
      blocks: [
        {
          type: 'section',
          text: textBlock({
            first: [
              { text: '*<{pipeline_url}|{summary}>*', escape: 'html' },
              { text: '*{summary}*', escape: 'html' },
            ],
            truncate: 2900,
          }),
        },
        {
          type: 'context',
          elements: [
            textBlock({
              path: 'state',
              map: {
                pending: ':hourglass: waiting',
                running: ':gear: running',
                succeeded: ':white_check_mark: succeeded',
                failed: ':x: failed',
                canceled: ':no_entry_sign: canceled',
              },
            }),
            { if_known: 'actor', value: textBlock({ text: 'by {actor}', escape: 'html', truncate: 300 }) },
            { if_known: 'commit.title', value: textBlock({ text: '{commit.title}', escape: 'html', truncate: 300 }) },
            {
              if_known: 'replaced.compare_url',
              value: textBlock({ text: '<{replaced.compare_url}|what changed>', escape: 'html' }),
            },
            { if_known: 'page_url', value: textBlock({ text: '<{page_url}|in Shiplog>', escape: 'html' }) },
          ],
        },
      ],
    },
    rate_per_minute: 60, // one a second and channel
  },
};
