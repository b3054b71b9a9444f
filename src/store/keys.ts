/**
 * Every key in Redis, and the only place that makes one. docs/redis.md is generated from these families and from the
 * headers of the scripts; a test compares both with what a busy bridge leaves behind.
 *
 * One file in spite of its length: it is a catalogue, and the question "which keys are there?" is asked of all of it.
 */

/** One prefix with a hash tag: all keys, BullMQ's too, lie in one slot of a Redis Cluster. */
export let PREFIX = '{shiplog}';

/** Before any key is made: another installation in the same Redis has another name. */
export function nameKeys(name: string): void {
  PREFIX = `{${name}}`;
}

interface About {
  readonly type: 'string' | 'hash' | 'list' | 'set' | 'zset' | 'stream' | 'BullMQ';
  readonly content: string;
  /** Paths below src/. */
  readonly writtenBy: string;
  readonly ends: string;
  /** True: every key has a time to live. False: the key stays, and `ends` says what bounds its content. */
  readonly expires: boolean;
}

type Placeholders<Pattern extends string> = Pattern extends `${string}<${string}>${infer Rest}`
  ? [value: string, ...Placeholders<Rest>]
  : [];

export interface KeyFamily<Pattern extends string = string> extends About {
  /** With `<name>` for each value that differs. */
  readonly pattern: string;
  (...values: Placeholders<Pattern>): string;
}

/** @param pattern what follows the prefix */
function family<const Pattern extends string>(pattern: Pattern, about: About): KeyFamily<Pattern> {
  const [first = '', ...texts] = pattern.split(/<[^<>]+>/);
  const make = (...values: readonly string[]) =>
    texts.reduce((key, text, at) => `${key}${values[at] ?? ''}${text}`, `${PREFIX}:${first}`);
  return Object.assign(make, about, { pattern: `${PREFIX}:${pattern}` });
}

export const keys = {
  format: family('format', {
    type: 'string',
    content: 'the number of the storage format (store/format.ts); absent: 1',
    writtenBy: 'store/format.ts',
    ends: 'stays: one number',
    expires: false,
  }),
  migration: family('migration', {
    type: 'hash',
    content: 'how far a migration is, by the format to which it leads',
    writtenBy: 'store/format.ts',
    ends: 'when the migration is done',
    expires: false,
  }),

  // ---- the change log
  deployment: family('change:<deployment>', {
    type: 'hash',
    content:
      'one deployment: a field for each change record, named by its id (`chg_…`, JSON); `view`, what they ' +
      'fold to (JSON); `in`, the indexes that hold it, one a line. One that format 2 packed has ' +
      '`packed` instead of all these',
    writtenBy: 'store/changes/deployments.ts',
    ends: 'with retention (`changes.days`, `changes.count`), or `changes.days` and 30 days after its last record',
    expires: true,
  }),
  packed: family('packed:<id>', {
    type: 'string',
    content:
      'a deployment that has ended and been quiet for a day, with all its other data, packed ' +
      '(store/changes/packing.ts). The indexes have its id',
    writtenBy: 'store/changes/archive.ts',
    ends: 'with retention (`changes.days`, `changes.count`), or when somebody writes to it: then it is unpacked',
    expires: false,
  }),
  packedNames: family('packed-names:<digits>', {
    type: 'hash',
    content:
      'the id of the packed deployment to which a former key leads: of a deployment, an alias, a remote id or ' +
      'an echo. A field is a part of the digest of that key',
    writtenBy: 'store/changes/archive.ts',
    ends: 'a field goes with its deployment, or when it is unpacked',
    expires: false,
  }),
  packingSince: family('packing-since', {
    type: 'string',
    content: 'when a release that packs deployments was first started (epoch ms): it begins a day later',
    writtenBy: 'store/packing-since.ts',
    ends: 'stays: one number',
    expires: false,
  }),
  lastPackedId: family('packed-last-id', {
    type: 'string',
    content: 'the number of the deployment that was packed last',
    writtenBy: 'store/changes/archive.ts',
    ends: 'stays: one number',
    expires: false,
  }),
  firstOccurrence: family('occurrence:<deployment>', {
    type: 'string',
    content:
      'the first occurrence that a tool named for this deployment. Another occurrence of the same name is a ' +
      'deployment of its own, `<deployment>/<occurrence>`',
    writtenBy: 'store/changes/deployments.ts',
    ends: 'with its deployment',
    expires: true,
  }),
  alias: family('alias:<alias>', {
    type: 'string',
    content: 'the key of the deployment that is found by this other name',
    writtenBy: 'store/changes/deployments.ts',
    ends: 'with its deployment',
    expires: true,
  }),
  changes: family('changes', {
    type: 'zset',
    content: 'all deployments by time (epoch ms); of the packed ones those that are in no block of packedIndex',
    writtenBy: 'store/changes/deployments.ts',
    ends: 'an entry goes with its deployment',
    expires: false,
  }),
  dropped: family('dropped', {
    type: 'zset',
    content: 'the deployments that a rule keeps out of the change log, by time (epoch ms): for retention',
    writtenBy: 'store/changes/deployments.ts',
    ends: 'an entry goes with its deployment',
    expires: false,
  }),
  sinks: family('sinks', {
    type: 'set',
    content: 'the names of all sinks that were ever configured: where a deployment may have left something',
    writtenBy: 'store/changes/retention.ts',
    ends: 'stays: one name a sink',
    expires: false,
  }),
  facet: family('changes:<facet>:<value>', {
    type: 'zset',
    content:
      'the deployments with this value of a facet (environment, service, source, status, …), by time (epoch ms); of ' +
      'the packed ones those that are in no block of packedIndex',
    writtenBy: 'store/changes/deployments.ts',
    ends: 'an entry goes with its deployment',
    expires: false,
  }),
  packedIndex: family('packed-index:<index>', {
    type: 'zset',
    content:
      'the packed deployments of an index (changes, facet), fifty in one member: six bytes of time for each, and its ' +
      'id, the newest first (scripts/includes/index-blocks.lua), by the time of the newest (epoch ms)',
    writtenBy: 'store/changes/index-blocks.ts',
    ends: 'an entry goes with its deployment, or when that is unpacked',
    expires: false,
  }),
  changesVersion: family('changes-version', {
    type: 'string',
    content: 'a counter that grows whenever the change log changes',
    writtenBy: 'store/changes/deployments.ts',
    ends: 'stays: one number',
    expires: false,
  }),
  lineage: family('lineage:<digest>', {
    type: 'zset',
    content: 'the deployments of one lineage (repository, service, environment), by time (epoch ms)',
    writtenBy: 'store/changes/deployments.ts',
    ends: 'an entry goes with its deployment',
    expires: false,
  }),
  predecessors: family('deployed', {
    type: 'hash',
    content: 'what a successor asks of a deployment that succeeded: key, time, ref, commit (JSON)',
    writtenBy: 'store/changes/deployments.ts',
    ends: 'an entry goes with its deployment',
    expires: false,
  }),
  repeatNames: family('repeats:<deployment>', {
    type: 'zset',
    content:
      'the deployments that were reported in the same words (recording/repeats.ts) beside the first, by their time',
    writtenBy: 'store/changes/repeat-names.ts',
    ends: '`changes.days` after the last report of one of them; the oldest of more than 32 are deleted',
    expires: true,
  }),
  latestRepeat: family('repeat:<deployment>', {
    type: 'string',
    content: 'the latest of those deployments, the only one that release 0.1.0 stored',
    writtenBy: 'store/changes/repeat-names.ts',
    ends: '`changes.days` after its last report',
    expires: true,
  }),
  recentPost: family('post:<place>', {
    type: 'string',
    content:
      'the last post to an API whose answer names repeats (JSON), by repository, service and environment, or by its ' +
      'own name: a repeat of it may come before it is recorded',
    writtenBy: 'store/changes/recent-posts.ts',
    ends: 'a minute after it came',
    expires: true,
  }),
  joinGroup: family('join:<repository>', {
    type: 'hash',
    content:
      'what is known of the keys that may report one deployment (domain/join.ts): `m:<key>` its facts ' +
      '(JSON), `u:<key>` the deployment under which its records lie, where that is another one, `#` how many ' +
      'there have been, `t:<tie>` which have something in common, `e:<environment>` which ended last there',
    writtenBy: 'store/changes/join-groups.ts',
    ends: 'a week after the last signal of the repository; the oldest of more than 64 go',
    expires: true,
  }),
  timeline: family('marks', {
    type: 'hash',
    content: 'what the timeline draws of each deployment, one value a line',
    writtenBy: 'store/changes/deployments.ts',
    ends: 'an entry goes with its deployment',
    expires: false,
  }),
  searchTerms: family('words', {
    type: 'hash',
    content: 'the words of each deployment in lower case, one a line, for the text search',
    writtenBy: 'store/changes/deployments.ts',
    ends: 'an entry goes with its deployment',
    expires: false,
  }),
  history: family('gaps:<application>', {
    type: 'string',
    content:
      'the numbered deployments of one application, and which signals reported them (JSON; domain/serial-document.ts)',
    writtenBy: 'store/changes/serial-history.ts',
    ends: '`changes.days` after the last signal of the application',
    expires: true,
  }),
  reconciledUntil: family('reconciled', {
    type: 'hash',
    content: "a field for each source: until when its tool's API was asked for lost webhooks (ISO 8601)",
    writtenBy: 'store/changes/reconciled-until.ts',
    ends: 'stays: one field a configured source',
    expires: false,
  }),
  ruleHits: family('rule-hits', {
    type: 'hash',
    content: 'a field for each rule: how often it matched',
    writtenBy: 'store/changes/rule-hits.ts',
    ends: 'stays: one field a configured rule',
    expires: false,
  }),

  // ---- alerts
  alert: family('alert:<id>', {
    type: 'hash',
    content:
      'one alert: its first report in each state, as `firing` and `resolved` (JSON; domain/alert.ts), and when it ' +
      'was last reported, as `reported` (ISO 8601); `noted` where its tool has a note of ours',
    writtenBy: 'store/alerts/alerts.ts',
    ends: '`alerts.days` after it began or was last reported, or beyond `alerts.count`',
    expires: true,
  }),
  alerts: family('alerts', {
    type: 'zset',
    content: 'the ids of all alerts by their beginning (epoch ms)',
    writtenBy: 'store/alerts/alerts.ts',
    ends: 'an entry goes with its alert',
    expires: false,
  }),

  // ---- webhooks
  inbox: family('inbox', {
    type: 'zset',
    content: 'the ids of all webhooks that are kept, by time of receipt (epoch ms)',
    writtenBy: 'store/inbox/inbox.ts',
    ends: 'an entry goes with its webhook',
    expires: false,
  }),
  webhook: family('inbox:<id>', {
    type: 'hash',
    content:
      'one webhook: `entry` (JSON), `conclusion` (verdict, reason, detail; JSON) and its body, as `body` or ' +
      '`deflated` (large, or a minute old)',
    writtenBy: 'store/inbox/inbox.ts',
    ends: '`inbox.days` after it was last written, or beyond `inbox.count`',
    expires: true,
  }),
  packedWebhook: family('inbox-packed:<id>', {
    type: 'string',
    content: 'a webhook whose verdict is known, packed a minute later (store/inbox/packing.ts)',
    writtenBy: 'store/inbox/packer.ts',
    ends: 'after `inbox.days`, or beyond `inbox.count`, or when it is written to again: then it is unpacked',
    expires: false,
  }),
  inboxSizes: family('inbox-sizes', {
    type: 'hash',
    content: 'the bytes of each webhook that is not packed, and of all together as `total`',
    writtenBy: 'store/inbox/inbox.ts',
    ends: 'a field goes with its webhook',
    expires: false,
  }),
  inboxHours: family('inbox-hours', {
    type: 'hash',
    content:
      'how many webhooks of a source were taken, ignored or refused in an hour: `<hour> ' +
      '<taken|ignored|refused> <source>`',
    writtenBy: 'store/inbox/inbox.ts, store/inbox/refusals.ts',
    ends: 'a field goes after 8 days',
    expires: false,
  }),
  refusals: family('refusals', {
    type: 'hash',
    content:
      'requests that were refused, one for each address, source, reason and cause: the last (JSON), and `<id>:count`',
    writtenBy: 'store/inbox/refusals.ts',
    ends: 'after `inbox.days`, or beyond 1,000',
    expires: false,
  }),
  refusalsByTime: family('refusals-by-time', {
    type: 'zset',
    content: 'the ids of the refusals, by time of the last (epoch ms)',
    writtenBy: 'store/inbox/refusals.ts',
    ends: 'an entry goes with its refusal',
    expires: false,
  }),
  feed: family('feed', {
    type: 'stream',
    content: 'webhooks and delivery attempts as they happened, for the followers of the feed',
    writtenBy: 'store/inbox/inbox.ts, store/deliveries/ledger-entry.ts',
    ends: 'stays: the newest 10,000 entries',
    expires: false,
  }),

  // ---- what imitated APIs remember
  rows: family('rows:<table>', {
    type: 'zset',
    content:
      'the rows that a source keeps for the senders of one project, by id: id, number within the table, and ' +
      'the row (JSON). A table is a source and a project',
    writtenBy: 'store/rows.ts',
    ends: '400 days after the last new row; of a table the newest 1,000 are kept',
    expires: true,
  }),
  rowSlots: family('row-slots:<table>', {
    type: 'hash',
    content:
      'the id of the newest row of each slot (`slot:<environment>`), and the last number within the table (`iid`)',
    writtenBy: 'store/rows.ts',
    ends: 'with the rows',
    expires: true,
  }),
  lastRowId: family('rows-last-id', {
    type: 'string',
    content: 'the id of the row that was added last, to any table',
    writtenBy: 'store/rows.ts',
    ends: 'stays: one number',
    expires: false,
  }),

  // ---- deliveries
  ledger: family('ledger:<sink>:<deployment>', {
    type: 'hash',
    content:
      'what a sink last received of a deployment: `told_state`, `told_at`, `remote_id`, `remote_url`, ' +
      '`echo_project` (the project in which the forge has it); `attempted_at` while the outcome of a request ' +
      'is unknown',
    writtenBy: 'store/deliveries/ledger-entry.ts',
    ends: 'with its deployment',
    expires: true,
  }),
  attempts: family('attempts:<sink>:<deployment>', {
    type: 'list',
    content: 'the newest 20 attempts at this delivery (JSON)',
    writtenBy: 'store/deliveries/ledger-entry.ts',
    ends: 'with its deployment',
    expires: true,
  }),
  remoteOwner: family('remote:<sink>:<remote id>', {
    type: 'string',
    content: 'the key of the deployment that the destination knows by this id',
    writtenBy: 'store/deliveries/ledger-entry.ts',
    ends: 'with its deployment',
    expires: true,
  }),
  lane: family('lane:<sink>:<lane>', {
    type: 'string',
    content: 'the newest state and time that a sink received in a lane (JSON)',
    writtenBy: 'store/deliveries/ledger-entry.ts',
    ends: '30 days after the last delivery in the lane',
    expires: true,
  }),
  lease: family('lease:<sink>:<deployment or lane>', {
    type: 'string',
    content: 'the token of the worker that is delivering this deployment, or anything in this lane',
    writtenBy: 'store/deliveries/lease.ts',
    ends: 'with the delivery; 12 s after its worker last renewed it',
    expires: true,
  }),
  echoOfId: family('echo:id:<project>:<deployment id>', {
    type: 'string',
    content: 'the short commit of the deployment that the forge has from us: its webhook is an echo; `1`: any commit',
    writtenBy: 'store/deliveries/echoes.ts',
    ends: 'with its deployment',
    expires: true,
  }),
  expectedEchoes: family('echo:expected:<project>:<environment>:<short sha>', {
    type: 'set',
    content: 'the deployments for which a request to the forge is under way, or went unanswered',
    writtenBy: 'store/deliveries/echoes.ts',
    ends: 'when the forge has answered; 7 days after the last request',
    expires: true,
  }),

  // ---- the bridge itself
  replicas: family('replicas', {
    type: 'hash',
    content:
      'a field for each bridge that shares this Redis: its roles, its sinks, and when it last reported itself (JSON)',
    writtenBy: 'store/replicas.ts',
    ends: 'stays: a field goes 15 minutes after its bridge last reported itself',
    expires: false,
  }),
  chore: family('chore:<name>', {
    type: 'string',
    content: 'present: some replica does this piece of work, which one alone should do',
    writtenBy: 'store/replicas.ts',
    ends: 'with the work, or by itself after at most 10 minutes',
    expires: true,
  }),
  secrets: family('secrets', {
    type: 'hash',
    content: 'the generated secrets of an installation whose Redis is shared: every replica must know the same',
    writtenBy: 'store/secrets.ts',
    ends: 'stays: one field a generated secret',
    expires: false,
  }),
  probe: family('probe', {
    type: 'string',
    content: 'when /readyz or /metrics last tried whether Redis takes a write (ISO 8601)',
    writtenBy: 'app/readiness.ts',
    ends: 'a minute after it was last written',
    expires: true,
  }),

  // ---- the pages
  session: family('session:<sha256 of the cookie>', {
    type: 'string',
    content:
      'proves by which token the session was opened, or holds who logged in by a provider, signed; neither the ' +
      'cookie nor a secret can be derived from it',
    writtenBy: 'store/sessions.ts',
    ends: 'with the log-out, when all sessions are ended, else after 30 days, or the hours of auth.oidc',
    expires: true,
  }),
  sessions: family('sessions', {
    type: 'zset',
    content: 'the digests of all sessions by their end (epoch ms), so that all can be ended',
    writtenBy: 'store/sessions.ts',
    ends: 'an entry goes with its session; at most 1,000',
    expires: false,
  }),

  // ---- queues
  recordQueue: family('record:<…>', {
    type: 'BullMQ',
    content: 'the queue of webhooks to be recorded: its jobs by id, its lists of them, its events',
    writtenBy: 'BullMQ, for queue/queues.ts',
    ends: 'a job when it is done, a dead letter after 30 days; the lists stay, the events are cut at about 10,000',
    expires: false,
  }),
  forwardQueue: family('forward-<sink>:<…>', {
    type: 'BullMQ',
    content: "the queue of one sink's deliveries: its jobs by id, its lists of them, its events",
    writtenBy: 'BullMQ, for queue/queues.ts',
    ends: 'a job when it is done, a dead letter after 30 days; the lists stay, the events are cut at about 10,000',
    expires: false,
  }),
} as const;

export type KeyName = keyof typeof keys;
