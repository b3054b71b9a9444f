import type { Preset } from '../preset.ts';

const REMOVED = 'The webhook was removed, or the app was uninstalled';
const ANEW = 'add a webhook to a channel in the app, and set secrets: url to its URL';

/** Verbatim: Slack makes no links, channels or mentions of text in it. */
const textBlock = (text: object) => ({ type: 'mrkdwn', verbatim: true, text });

/**
 * How long an address beside a title can be within 3,000 characters, when every & of it becomes five. A truncated one
 * would lead nowhere.
 */
const link = (path: string) => ({ path, capture: '/^.{1,400}$/', escape: 'html' });

/** One line: a link cannot continue on the next line. Cut before it becomes the text of a link, which has an end. */
const LABEL = { path: 'summary', capture: '/\\S.*/', escape: 'html', truncate: 900 };

const ifKnown = (path: string, text: object) => ({ if_known: path, value: textBlock(text) });

/**
 * https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks . Foreign text is escaped: a commit may be
 * titled `<!channel>`.
 */
export const slack: Preset = {
  version: 2,
  settings: {},
  secrets: { url: { what: 'the URL of an incoming webhook' } },
  advice: [
    { says: 'no_service', text: `${REMOVED}: ${ANEW}` },
    { says: 'no_team', text: `Slack knows no such workspace: ${ANEW}` },
    { says: 'team_disabled', text: `The workspace was switched off: ${ANEW}` },
    { says: 'invalid_token', text: `The URL is not complete, or its webhook was removed: ${ANEW}` },
    { says: 'channel_not_found', text: `Its channel was deleted, or the app was taken out of it: ${ANEW}` },
    { says: 'channel_is_archived', text: `Its channel is archived: unarchive it, or ${ANEW}` },
    { says: 'action_prohibited', text: 'An administrator restricts who may post there: ask them to let the app' },
    {
      says: 'posting_to_general_channel_denied',
      text: `Only administrators may post in #general: ask them, or ${ANEW}`,
    },
    { status: 404, text: `${REMOVED}: ${ANEW}` },
  ],
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
              { text: '*<{url}|{title}>*', with: { url: link('pipeline_url'), title: LABEL } },
              { text: '*{title}*', with: { title: { path: 'summary', escape: 'html', truncate: 2900 } } },
            ],
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
            ifKnown('actor', { text: 'by {actor}', escape: 'html', truncate: 300 }),
            ifKnown('owner.team', { text: 'team {owner.team}', escape: 'html', truncate: 300 }),
            ifKnown('owner.runbook', {
              first: [{ text: '<{url}|runbook>', with: { url: link('owner.runbook') } }],
              default: { const: 'runbook: its address is too long' },
            }),
            ifKnown('owner.on_call', {
              first: [{ text: '<{url}|on call>', with: { url: link('owner.on_call') } }],
              default: { const: 'on call: its address is too long' },
            }),
            ifKnown('commit.title', { path: 'commit.title', escape: 'html', truncate: 300 }),
            ifKnown('replaced.compare_url', {
              first: [{ text: '<{url}|what changed>', with: { url: link('replaced.compare_url') } }],
              default: { const: 'what changed: its address is too long' },
            }),
            ifKnown('page_url', { text: '<{url}|in Shiplog>', with: { url: link('page_url') } }),
          ],
        },
      ],
    },
    rate_per_minute: 60, // one a second and channel
  },
};
