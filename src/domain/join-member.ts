import type { Witness } from './change-record.ts';

/**
 * What is known of one key of one source. Several members may report the same deployment: the forge's hooks of a job,
 * the `curl` that the job runs, the sync of a cluster that the job's commit caused.
 */
export interface Member {
  /** The key that its source gives it. */
  readonly key: string;
  /** Its position in the group, by arrival: the first of those that are joined gives the deployment its key. */
  readonly order: number;
  readonly witness: Witness;
  /** The kind of tool, and the configured source. */
  readonly source: string;
  readonly instance: string;
  /** Of the repository: the whole path in lower case, and the host where it is known. */
  readonly path: string;
  readonly host?: string;
  /** The forge's own ids. */
  readonly pipeline?: string;
  /** The pipeline of the same project that started this one as a part of itself. */
  readonly parent?: string;
  readonly jobId?: string;
  /** The name of the job. */
  readonly job?: string;
  /** The service by its final name. Absent: unknown. */
  readonly environment?: string;
  /** Full, in lower case. */
  readonly commit?: string;
  /** True where somebody named the service: the repository's name stands for all of its services. */
  readonly service?: string;
  /** The service that a report names, where it has the name of the repository, which stands for all of its services. */
  readonly namesake?: string;
  /** What the parts of one deployment have in common, and whether this is one of them or reports the whole. */
  readonly stage?: string;
  readonly isPart?: boolean;
  /** Of a report: one source may get several kinds of posts about one deployment. */
  readonly signal?: string;
  /** Of a report: a job posts it about itself, and posts one end. */
  readonly endsOnce?: true;
  /** Of a sync: the application, which runs one at a time. */
  readonly app?: string;
  /** The service that the application is. A job may be named after it. */
  readonly appService?: string;
  /** When it began and ended, epoch milliseconds. */
  readonly fromMs: number;
  readonly toMs?: number;
  /** True where a signal has reported the start: else `fromMs` is the first that was heard of it. */
  readonly startKnown?: true;
  /** How it ended; both where a post about a failure was followed by one about a success. */
  readonly endedWell?: true;
  readonly endedBadly?: true;
  /** Which signals of which source have reported its end, and when the first of each came: epoch milliseconds. */
  readonly endedBy?: Readonly<Record<string, number>>;
  /** What a rule computed: members with the same value are one deployment; `false` is never joined. */
  readonly join?: string | false;
}
