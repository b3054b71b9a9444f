/** Some senders report only one time. A deployment without a known duration is shown as a moment. */
export const started = (as: 'epoch_seconds' | 'epoch_ms' | 'iso') => ({
  first: [{ path: 'started_at' }, { path: 'finished_at' }, { path: 'occurred_at' }],
  as,
});

export const ended = (as: 'epoch_seconds' | 'epoch_ms' | 'iso') => ({
  first: [{ path: 'finished_at' }, { path: 'occurred_at' }],
  as,
});

export const VERSION = {
  first: [
    { if_known: 'tag', value: { path: 'tag', map: { true: { path: 'ref' } } } },
    { path: 'commit.short' },
    { path: 'artifacts.0' },
    { path: 'ref' },
  ],
};
