import { family } from '../key-family.ts';

/** Webhooks, accepted and rejected. */
export const INBOX_KEYS = {
  inbox: family('inbox', {
    type: 'zset',
    content: 'the ids of all stored webhooks, by time of receipt (epoch ms)',
    writtenBy: 'store/inbox/inbox.ts',
    ends: 'an entry is deleted with its webhook',
  }),
  webhook: family('inbox:<id>', {
    type: 'hash',
    content:
      'one webhook: `entry` (JSON), `conclusion` (verdict, reason, detail; JSON) and its body, as `body` or ' +
      '`deflated` (if it is large, or a minute old)',
    writtenBy: 'store/inbox/inbox.ts',
    ends: '`inbox.days` after it was last written, or beyond `inbox.count`',
    expires: true,
  }),
  packedWebhook: family('inbox-packed:<id>', {
    type: 'string',
    content: 'a webhook with a verdict, compressed a minute later (store/inbox/packing.ts)',
    writtenBy: 'store/inbox/packer.ts',
    ends: 'after `inbox.days`, or beyond `inbox.count`, or when it is written to again: then it is unpacked',
  }),
  webhookBlock: family('inbox-block:<number>', {
    type: 'string',
    content: 'packed webhooks that were received one after the other, compressed together (store/inbox/block.ts)',
    writtenBy: 'store/inbox/block-packer.ts',
    ends: 'when all its webhooks are deleted. One that is written to again is in its own key from then on',
  }),
  webhookBlocks: family('inbox-blocks', {
    type: 'zset',
    content: 'the numbers of these blocks by the time of receipt (epoch ms) of their newest webhook',
    writtenBy: 'store/inbox/block-packer.ts',
    ends: 'an entry is deleted with its block',
  }),
  inboxSizes: family('inbox-sizes', {
    type: 'hash',
    content: 'the size in bytes of each webhook that is not packed, and the sum as `total`',
    writtenBy: 'store/inbox/inbox.ts',
    ends: 'a field is deleted with its webhook',
  }),
  inboxHours: family('inbox-hours', {
    type: 'hash',
    content:
      'how many webhooks of a source were accepted, ignored or rejected in an hour: `<hour> ' +
      '<taken|ignored|refused> <source>`',
    writtenBy: 'store/inbox/inbox.ts, store/inbox/refusals.ts',
    ends: 'a field is deleted after 8 days',
  }),
  refusals: family('refusals', {
    type: 'hash',
    content: 'rejected requests, grouped by address, source, reason and cause: the last one (JSON), and `<id>:count`',
    writtenBy: 'store/inbox/refusals.ts',
    ends: 'after `inbox.days`, or beyond 1,000',
  }),
  refusalsByTime: family('refusals-by-time', {
    type: 'zset',
    content: 'the ids of the rejected requests, by time of the last one (epoch ms)',
    writtenBy: 'store/inbox/refusals.ts',
    ends: 'an entry is deleted with its rejected request',
  }),
  feed: family('feed', {
    type: 'stream',
    content: 'webhooks and delivery attempts in the order of time, for the live feed',
    writtenBy: 'store/inbox/inbox.ts, store/deliveries/ledger-entry.ts',
    ends: 'stays: the newest 10,000 entries',
  }),
} as const;
