import { family } from './key-family.ts';

/**
 * Every key in Redis, and the only place that makes one. docs/redis.md is generated from these families and from the
 * headers of the scripts; a test compares both with what a busy bridge leaves behind.
 *
 * One file in spite of its length: it is a catalogue, and the question "which keys are there?" is asked of all of it.
 */
export const keys = {
  format: family('format', {
    type: 'string',
    content: 'the number of the storage format (store/format.ts); absent: 1',
    writtenBy: 'store/format.ts',
    ends: 'stays: one number',
  }),
  migration: family('migration', {
    type: 'hash',
    content: 'the progress of a migration, by its target format',
    writtenBy: 'store/format.ts',
    ends: 'when the migration is done',
  }),

  // ---- the change log
  deployment: family('change:<deployment>', {
    type: 'hash',
    content:
      'one deployment: a field for each change record, named by its id (`chg_…`, JSON); `view`, the fold of ' +
      'these records (JSON); `in`, the indexes that contain it, one per line. A deployment that format 2 packed has ' +
      '`packed` instead of all these fields',
    writtenBy: 'store/changes/deployments.ts',
    ends: 'with retention (`changes.days`, `changes.count`), or `changes.days` and 30 days after its last record',
    expires: true,
  }),
  packed: family('packed:<id>', {
    type: 'string',
    content:
      'a deployment that has ended and received no signal for a day, with all its other data, compressed ' +
      '(store/changes/packed/packing.ts). The indexes contain its id',
    writtenBy: 'store/changes/packed/archive.ts',
    ends: 'with retention (`changes.days`, `changes.count`), or when it is written to again: then it is unpacked',
  }),
  packedNames: family('packed-names:<digits>', {
    type: 'hash',
    content:
      'the id of the packed deployment for each key that it had before: of the deployment, an alias, a remote id or ' +
      'an echo. The name of a field is a part of the digest of that key',
    writtenBy: 'store/changes/packed/archive.ts',
    ends: 'a field is deleted with its deployment, or when it is unpacked',
  }),
  textIndex: family('text-index:<part>', {
    type: 'string',
    content:
      'a part of the text index (store/changes/search/text-index.ts): for 8,192 packed deployments a bitmap of which ' +
      'groups of 32 may hold a series of four bytes',
    writtenBy: 'store/changes/search/text-index.ts',
    ends: 'when all its deployments are deleted',
  }),
  textParts: family('text-parts', {
    type: 'zset',
    content: 'the parts of the text index, by the time of the newest deployment (epoch ms); -1: all are deleted',
    writtenBy: 'store/changes/search/text-index.ts',
    ends: 'stays: one entry per 8,192 packed deployments',
  }),
  packingSince: family('packing-since', {
    type: 'string',
    content: 'when a version that packs deployments was first started (epoch ms): packing begins a day later',
    writtenBy: 'store/packing-since.ts',
    ends: 'stays: one number',
  }),
  lastPackedId: family('packed-last-id', {
    type: 'string',
    content: 'the number of the deployment that was packed last',
    writtenBy: 'store/changes/packed/archive.ts',
    ends: 'stays: one number',
  }),
  firstOccurrence: family('occurrence:<deployment>', {
    type: 'string',
    content:
      'the first occurrence that a tool reported for this deployment. Another occurrence with the same name is a ' +
      'separate deployment, `<deployment>/<occurrence>`',
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
    content: 'all deployments by time (epoch ms), except the packed ones that are in a block of packedIndex',
    writtenBy: 'store/changes/deployments.ts',
    ends: 'an entry is deleted with its deployment',
  }),
  dropped: family('dropped', {
    type: 'zset',
    content: 'the deployments that a rule excludes from the change log, by time (epoch ms): for retention',
    writtenBy: 'store/changes/deployments.ts',
    ends: 'an entry is deleted with its deployment',
  }),
  sinks: family('sinks', {
    type: 'set',
    content: 'the names of all sinks that were ever configured, for which a deployment may have data',
    writtenBy: 'store/changes/retention.ts',
    ends: 'stays: one name per sink',
  }),
  facet: family('changes:<facet>:<value>', {
    type: 'zset',
    content:
      'the deployments with this value of a facet (environment, service, source, status, …), by time (epoch ms), ' +
      'except the packed ones that are in a block of packedIndex',
    writtenBy: 'store/changes/deployments.ts',
    ends: 'an entry is deleted with its deployment',
  }),
  packedIndex: family('packed-index:<index>', {
    type: 'zset',
    content:
      'the packed deployments of an index (changes, facet), fifty in one member: six bytes of time and the id of ' +
      'each, newest first (scripts/includes/index-blocks.lua); the score is the time of the newest (epoch ms)',
    writtenBy: 'store/changes/packed/index-blocks.ts',
    ends: 'an entry is deleted with its deployment, or when that is unpacked',
  }),
  changesVersion: family('changes-version', {
    type: 'string',
    content: 'a counter that increases with every change of the change log',
    writtenBy: 'store/changes/deployments.ts',
    ends: 'stays: one number',
  }),
  entryChanges: family('entry-changes', {
    type: 'stream',
    content:
      'what became of timeline entries in the last versions (changesVersion) of the change log: the id is the ' +
      'version, the fields are the entry before and after, or `same` where none changed; a version that 0.1.0 ' +
      'wrote is missing',
    writtenBy: 'scripts/includes/log-entry.lua',
    ends: 'an entry is deleted after about a thousand newer ones, all of them a day after the last',
    expires: true,
  }),
  lineage: family('lineage:<digest>', {
    type: 'zset',
    content: 'the deployments of one lineage (repository, service, environment), by time (epoch ms)',
    writtenBy: 'store/changes/deployments.ts',
    ends: 'an entry is deleted with its deployment',
  }),
  predecessors: family('deployed', {
    type: 'hash',
    content: 'the fields of a succeeded deployment that its successor needs: key, time, ref, commit (JSON)',
    writtenBy: 'store/changes/deployments.ts',
    ends: 'an entry is deleted with its deployment',
  }),
  repeatNames: family('repeats:<deployment>', {
    type: 'zset',
    content: 'further deployments reported with the same fields as the first (recording/repeats.ts), by their time',
    writtenBy: 'store/changes/repeat-names.ts',
    ends: '`changes.days` after the last report of one of them; the oldest of more than 32 are deleted',
    expires: true,
  }),
  latestRepeat: family('repeat:<deployment>', {
    type: 'string',
    content: 'the latest of those deployments, the only one that version 0.1.0 stored',
    writtenBy: 'store/changes/repeat-names.ts',
    ends: '`changes.days` after its last report',
    expires: true,
  }),
  recentPost: family('post:<slot>', {
    type: 'string',
    content:
      'the last request to an API whose response reports repeats (JSON), by repository, service and environment, or ' +
      'by its own name: a repeat may arrive before the first request is recorded',
    writtenBy: 'store/changes/recent-posts.ts',
    ends: 'a minute after its receipt',
    expires: true,
  }),
  joinGroup: family('join:<repository>', {
    type: 'hash',
    content:
      'the keys that may report the same deployment (domain/join.ts): `m:<key>` its facts ' +
      '(JSON), `u:<key>` the deployment that has its records, if that is another one, `#` how many ' +
      'there have been, `t:<tie>` which have a property in common, `e:<environment>` which ended last there',
    writtenBy: 'store/changes/join-groups.ts',
    ends: 'a week after the last signal of the repository; the oldest of more than 64 are deleted',
    expires: true,
  }),
  repository: family('repository:<id>', {
    type: 'hash',
    content:
      'the names of one repository, by the id that its forge gives it: `first`, by which its deployments are ' +
      'grouped, `name`, the last one, and when it was reported, as `at` (ISO 8601)',
    writtenBy: 'store/changes/repositories.ts',
    ends: '`changes.days` and 30 days after its last signal',
    expires: true,
  }),
  repositoryName: family('repository-name:<name>', {
    type: 'hash',
    content:
      'the repository that has a name, or had it last: `id`, its `first` name, `at` (ISO 8601), when it was ' +
      'reported, and `followed` when deployments that were reported under this name alone were read again',
    writtenBy: 'store/changes/repositories.ts',
    ends: '`changes.days` and 30 days after the last signal of a repository of that name',
    expires: true,
  }),
  timeline: family('marks', {
    type: 'hash',
    content: 'the data that the timeline shows of each deployment, one value per line',
    writtenBy: 'store/changes/deployments.ts',
    ends: 'an entry is deleted with its deployment',
  }),
  searchTerms: family('words', {
    type: 'hash',
    content: 'the words of each deployment in lower case, one per line, for the text search',
    writtenBy: 'store/changes/deployments.ts',
    ends: 'an entry is deleted with its deployment',
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
    content: "a field for each source: until when its tool's API was queried for lost webhooks (ISO 8601)",
    writtenBy: 'store/changes/reconciled-until.ts',
    ends: 'stays: one field per configured source',
  }),
  ruleHits: family('rule-hits', {
    type: 'hash',
    content: 'a field for each rule: how often it matched',
    writtenBy: 'store/changes/rule-hits.ts',
    ends: 'stays: one field per configured rule',
  }),

  // ---- alerts
  alert: family('alert:<id>', {
    type: 'hash',
    content:
      'one alert: its first report in each state, as `firing` and `resolved` (JSON; domain/alert.ts), and when it ' +
      'was last reported, as `reported` (ISO 8601); `noted` if Shiplog added a note to it',
    writtenBy: 'store/alerts/alerts.ts',
    ends: '`alerts.days` after it began or was last reported, or beyond `alerts.count`',
    expires: true,
  }),
  alerts: family('alerts', {
    type: 'zset',
    content: 'the ids of all alerts by their start time (epoch ms)',
    writtenBy: 'store/alerts/alerts.ts',
    ends: 'an entry is deleted with its alert',
  }),

  // ---- webhooks
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

  // ---- what imitated APIs remember
  rows: family('rows:<table>', {
    type: 'zset',
    content:
      'the rows that a source stores for the senders of one project, by id: id, number within the table, and ' +
      'the row (JSON). A table is a source and a project',
    writtenBy: 'store/rows.ts',
    ends: '400 days after the last new row; the newest 1,000 of each table are kept',
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
  }),

  // ---- deliveries
  ledger: family('ledger:<sink>:<deployment>', {
    type: 'hash',
    content:
      'what a sink last received of a deployment: `told_state`, `told_at`, `remote_id`, `remote_url`, ' +
      '`echo_project` (the project of the deployment at the forge); `attempted_at` while the outcome of a request ' +
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
    content: 'the key of the deployment that has this id at the destination',
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
    ends: 'with the delivery, or 12 s after its worker last renewed it',
    expires: true,
  }),
  echoOfId: family('echo:id:<project>:<deployment id>', {
    type: 'string',
    content: 'the short commit of a deployment that Shiplog wrote to a forge: its webhook is an echo; `1`: any commit',
    writtenBy: 'store/deliveries/echoes.ts',
    ends: 'with its deployment',
    expires: true,
  }),
  expectedEchoes: family('echo:expected:<project>:<environment>:<short sha>', {
    type: 'set',
    content: 'the deployments for which a request to the forge is active, or got no response',
    writtenBy: 'store/deliveries/echoes.ts',
    ends: 'when the forge has responded, or 7 days after the last request',
    expires: true,
  }),

  // ---- the bridge itself
  replicas: family('replicas', {
    type: 'hash',
    content:
      'a field for each bridge that shares this Redis: its roles, its sinks, and when it last reported itself (JSON)',
    writtenBy: 'store/replicas.ts',
    ends: 'stays: a field is deleted 15 minutes after its bridge last reported itself',
  }),
  chore: family('chore:<name>', {
    type: 'string',
    content: 'a lock: while it exists, one replica does this task, which only one may do',
    writtenBy: 'store/replicas.ts',
    ends: 'when the task is done, or after at most 10 minutes',
    expires: true,
  }),
  secrets: family('secrets', {
    type: 'hash',
    content: 'the generated secrets of an installation with a shared Redis, so that all replicas use the same ones',
    writtenBy: 'store/secrets.ts',
    ends: 'stays: one field per generated secret',
  }),
  probe: family('probe', {
    type: 'string',
    content: 'when /readyz or /metrics last checked whether Redis accepts writes (ISO 8601)',
    writtenBy: 'app/readiness.ts',
    ends: 'a minute after it was last written',
    expires: true,
  }),

  // ---- the pages
  session: family('session:<sha256 of the cookie>', {
    type: 'string',
    content:
      'proof of the token that opened the session, or the signed identity of a user from a provider; neither the ' +
      'cookie nor a secret can be derived from it',
    writtenBy: 'store/sessions.ts',
    ends: 'with the log-out, when all sessions are ended, or after 30 days or the hours set in auth.oidc',
    expires: true,
  }),
  sessions: family('sessions', {
    type: 'zset',
    content: 'the digests of all sessions by their expiry (epoch ms), so that all can be ended',
    writtenBy: 'store/sessions.ts',
    ends: 'an entry is deleted with its session; at most 1,000',
  }),

  // ---- queues
  recordQueue: family('record:<…>', {
    type: 'BullMQ',
    content: 'the queue of webhooks to record: jobs by id, lists of jobs, events',
    writtenBy: 'BullMQ, for queue/queues.ts',
    ends: 'a job when it is done, a dead letter after 30 days; the lists stay, the events are limited to about 10,000',
  }),
  forwardQueue: family('forward-<sink>:<…>', {
    type: 'BullMQ',
    content: "the queue of one sink's deliveries: jobs by id, lists of jobs, events",
    writtenBy: 'BullMQ, for queue/queues.ts',
    ends: 'a job when it is done, a dead letter after 30 days; the lists stay, the events are limited to about 10,000',
  }),
} as const;

export type KeyName = keyof typeof keys;
