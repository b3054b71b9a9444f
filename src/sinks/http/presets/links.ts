/** The page of the tool's run; our own page where no tool reported one. */
export const DEEP_LINK = { first: [{ path: 'pipeline_url' }, { path: 'job_url' }, { path: 'page_url' }] };

/** Whom to call, for destinations with free attributes. */
export const OWNER_ATTRIBUTES = {
  if_known: 'owner.team',
  value: {
    team: { path: 'owner.team' },
    channel: { path: 'owner.channel' },
    runbook: { path: 'owner.runbook' },
    onCall: { path: 'owner.on_call' },
  },
};

/** All known pages, each with its name, for a field of a destination. */
export const linksAs = (fields: (path: string, name: string) => Readonly<Record<string, unknown>>) =>
  Object.entries(PAGES).map(([path, name]) => ({ if_known: path, value: fields(path, name) }));

const PAGES = {
  pipeline_url: 'Pipeline',
  job_url: 'Job',
  'pull_request.url': 'Merge request',
  'replaced.compare_url': 'What changed',
  'owner.runbook': 'Runbook',
  'owner.on_call': 'On call',
  page_url: 'Shiplog',
};
