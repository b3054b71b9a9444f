import { family } from '../key-family.ts';

/** The change log: the deployments, their indexes, and what was derived from them. */
export const CHANGE_KEYS = {
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
      '(JSON), `u:<key>` the deployment that has its records, if that is another one, `l:<key>` those that may ' +
      'still have some of them (JSON), `#` how many there have been, `t:<tie>` which have a property in common, ' +
      '`e:<environment>` which ended last there, and by which signal, `b:<environment>` which jobs were first heard ' +
      'of last',
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
} as const;
