import type { NewChangeRecord } from '../domain/change-record.ts';
import { WebhookRejected } from '../domain/errors.ts';
import { isAllowedProject, projectDeniedNote } from '../domain/project-limit.ts';
import { Patterns } from '../domain/rules/pattern.ts';
import type { Pattern } from '../domain/rules/regex.ts';
import { eachRecord } from './each-record.ts';
import type { Mapped } from './mapped.ts';
import type { Source } from './source.ts';

/** `projects` of a source: globs of the GitLab projects that its deployments may be written to. */
export const Projects = Patterns.optional();

/** The project of samples. No limit has it, and nothing is written to it. */
export const SAMPLE_PROJECT = 'shiplog/sample';

/**
 * A source that reports projects which it may not write to. Its records say so and name none; where the senders write
 * the project into the request themselves, the request is refused, so that they see it.
 */
export function withProjects(source: Source): Source {
  const { projects, map } = source;
  if (!projects) return source;
  const checked: Source = {
    ...source,
    map(payload, webhook) {
      const mapped = map(payload, webhook);
      if (source.sendersNameProjects) requireAllowed(mapped, source.name, projects);
      return mapped;
    },
  };
  return eachRecord(checked, (record) => limited(record, projects));
}

function limited(record: NewChangeRecord, projects: readonly Pattern[]): NewChangeRecord {
  const { gitlabProject, ...repository } = record.repository ?? { name: '' };
  if (gitlabProject === undefined || isAllowedProject(gitlabProject, projects)) return record;
  const denied = { ...repository, projectDenied: true } as const;
  return {
    ...record,
    repository: denied,
    notes: [...(record.notes ?? []), projectDeniedNote(gitlabProject, record.instance)],
  };
}

/** @throws WebhookRejected */
function requireAllowed(mapped: Mapped, name: string, projects: readonly Pattern[]): void {
  if (mapped.kind !== 'records') return;
  const named = mapped.records.flatMap(({ repository }) => repository?.gitlabProject ?? []);
  const denied = named.find((project) => project !== SAMPLE_PROJECT && !isAllowedProject(project, projects));
  if (denied === undefined) return;
  throw new WebhookRejected(
    'bad_payload',
    `The source ${name} may not write deployments to the gitlab_project ${denied.slice(0, 100)}: name one of its own ` +
      'projects, or have this one added to `projects` of the source',
  );
}
