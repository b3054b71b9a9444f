import { family } from '../key-family.ts';

/** The bridge itself: the format of its data, its replicas, sessions and queues. */
export const BRIDGE_KEYS = {
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
