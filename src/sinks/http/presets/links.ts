/** Where a person finds what the tool did; our own page where no tool reported one. */
export const DEEP_LINK = { first: [{ path: 'pipeline_url' }, { path: 'job_url' }, { path: 'page_url' }] };

/** All the pages that are known, each with its name, in the fields of a destination. */
export const linksAs = (fields: (path: string, name: string) => Readonly<Record<string, unknown>>) =>
  Object.entries(PAGES).map(([path, name]) => ({ if_known: path, value: fields(path, name) }));

const PAGES = {
  pipeline_url: 'Pipeline',
  job_url: 'Job',
  'pull_request.url': 'Merge request',
  'replaced.compare_url': 'What changed',
  'owner.runbook': 'Runbook',
  page_url: 'Shiplog',
};
