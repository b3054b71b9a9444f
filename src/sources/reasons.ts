import type { RejectionCode } from '../domain/errors.ts';
import type { IgnoredReason, ToolFacts } from './source.ts';

/** Why a webhook makes no change: one word for the answer, the log, the metric and the inbox. */
export type Reason = IgnoredReason | RejectionCode | 'not_kept' | 'busy';

export interface ReasonText {
  /** What the word means. */
  readonly means: string;
  /** When it happens. */
  readonly when: string;
  /** What to do. */
  readonly advice: string;
}

/** docs/reasons.md is generated from these. */
export const REASONS: Readonly<Record<Reason, ReasonText>> = {
  not_a_deployment: {
    means: 'The event is of another kind: it reports no deployment.',
    when: 'A push, an issue, a comment, a merge request.',
    advice:
      'Where deployments are missing, tick their event in the settings of the webhook. Otherwise nothing; untick ' +
      'this one to save the traffic.',
  },
  no_environment: {
    means: 'The job, pipeline or step deploys nothing: it has no environment.',
    when: 'The job or step names no environment, and nothing else in the webhook does.',
    advice: 'If it deploys, say so in the pipeline: give the job or step its environment. Otherwise nothing.',
  },
  not_a_start: {
    means: 'The job has an environment and does something else to it than deploy.',
    when: 'A job that stops, prepares, verifies or opens an environment.',
    advice: 'Nothing, unless the job does deploy: then take `action` out of its `environment:`.',
  },
  not_started: {
    means: 'Nothing was deployed (yet).',
    when:
      'A job that is created, waits for a runner, is manual, or was skipped or canceled before it began; an ' +
      'application that was never synced.',
    advice: 'Nothing: the webhook that reports the start or the end makes the change.',
  },
  unknown_status: {
    means: 'The status is a word that this version of Shiplog does not know.',
    when: 'The tool is newer than Shiplog, or a template or script wrote a word of its own.',
    advice:
      'Write one of the statuses that the README of the source lists. If the tool itself sent the word, update ' +
      'Shiplog.',
  },
  ping: {
    means: "The sender's own connection test.",
    when: 'Somebody pressed the button of the tool that tests the connection.',
    advice: 'Nothing: the connection works.',
  },
  needs_lookup: {
    means: 'The webhook alone does not tell enough to become a deployment, and the tool cannot be asked.',
    when: 'The webhook names no environment, and the source has no API token.',
    advice:
      'Give the source an API token, or let the deployment step post to Shiplog itself: the README of the source ' +
      'shows both.',
  },
  dry_run: {
    means: 'A rehearsal: nothing was deployed.',
    when: 'Somebody asked the tool for a dry run.',
    advice: 'Nothing.',
  },
  self_heal: {
    means: 'Drifted resources were put back; nothing new was deployed.',
    when: 'The tool put an application back by itself. It can do so every few seconds.',
    advice: 'Nothing. To record these too, set `self_heal: record` for the source.',
  },
  no_op: {
    means: 'The sync had nothing to change.',
    when: 'A sync without a changed resource, while `noop: skip` is set.',
    advice: 'Nothing. To record these too, set `noop: record` for the source.',
  },
  too_old: {
    means: 'It happened longer ago than the source takes.',
    when: 'A first subscription reports the last deployment of every application, however old.',
    advice: 'Nothing. To take older ones, raise `max_age_hours` of the source and let the tool send again.',
  },
  app_deleted: {
    means: 'The application is being deleted: that is no deployment.',
    when: 'The tool reports an application that is being deleted.',
    advice: 'Nothing.',
  },
  unmapped: {
    means: 'The body is JSON, but none of the shapes that the source understands.',
    when: 'A template of your own, a body for another source, or one that lacks what names the deployment.',
    advice:
      'Check that the tool posts to the URL of its own source, and copy the template from the README of the ' +
      'source. The inbox keeps the body.',
  },
  invalid_json: {
    means:
      'The body is not JSON, or has too many values to be read. It is kept as it is, since the sender would not send ' +
      'it again.',
    when: 'A template that puts a text with quotes or line breaks between quotes of its own.',
    advice: 'Let the template write every value as JSON, without quotes around it. The detail says where it broke.',
  },
  echo: {
    means: "Shiplog's own write to the tool, coming back as a webhook.",
    when: 'A sink made a deployment in a project that has a deployment webhook to Shiplog.',
    advice: 'Nothing: the deployment is in the change log already.',
  },
  dropped_by_rule: {
    means: 'A rule of the configuration drops this deployment.',
    when: 'A rule with `drop: true` matches it. The detail names the rule.',
    advice: 'Nothing if that is meant. Otherwise narrow the `match` of that rule.',
  },
  bad_signature: {
    means: 'The sender did not prove that it knows a secret of the source. Nothing of the body was read.',
    when: 'The token or signature is missing, wrong, or belongs to another source; or a proxy changed the body.',
    advice:
      'Set the secret of the source (`npx shiplog secrets` shows it) in the settings of the webhook. The error ' +
      'says which header is meant.',
  },
  not_json: {
    means: 'The body is not JSON, or has more values than are read: 300,000.',
    when: 'A shell put a quote, a line break or an empty variable into the body.',
    advice:
      'Build the body with `jq -n --arg`, which escapes every value. The error names line, column and field. ' +
      'Then send it again.',
  },
  bad_payload: {
    means: 'The body claims to be a deployment and lacks what a change needs, or holds something impossible.',
    when: 'A required field is missing or wrong.',
    advice: 'Correct the fields that the error names, and send it again.',
  },
  too_large: {
    means: 'The body is larger than the source takes. It was not read.',
    when: 'A pipeline with thousands of jobs, or a step that posts a log.',
    advice: 'Send less, or raise `max_body_mib` of the source.',
  },
  unproved: {
    means: 'A connection test that its tool does not sign. It is answered 2xx; nothing of it was read or kept.',
    when: 'The test button of the tool was pressed, or an unsigned request looked like it: nothing ' + 'proves it.',
    advice: 'Nothing: the address is reached. Whether the secret fits is shown by the first real webhook.',
  },
  no_such_source: {
    means: 'It was sent to an address that belongs to no source.',
    when: 'A wrong name in the URL of the webhook, or a source that was renamed or taken out of the configuration.',
    advice: 'Correct the URL in the settings of the webhook: the set-up page shows the one of each source.',
  },
  busy: {
    means: 'Too many bytes are being received at once, so that this body was not read on and not acknowledged.',
    when:
      'A flood of bodies that are large, slow or never end. Senders that have proved themselves have room of ' +
      'their own.',
    advice:
      'Send the webhook again where the tool does not do it by itself. Where your own senders do this, raise ' +
      '`bodies_max_mib`.',
  },
  not_kept: {
    means: 'The webhook could be made durable nowhere, so that it was not acknowledged.',
    when: 'Redis is away, and the spool on disk is full or cannot be written.',
    advice:
      'Bring Redis back, make room on the disk, or raise `spool_max_mib`. Then send the webhook again where the ' +
      'tool does not do it by itself.',
  },
};

/**
 * Undefined for a word that is not a reason.
 * @param tool adds when it happens there.
 */
export function reasonTextFor(
  reason: string | undefined,
  tool?: Pick<ToolFacts, 'reasonNotes'>,
): ReasonText | undefined {
  if (reason === undefined || !Object.hasOwn(REASONS, reason)) return undefined;
  const text = REASONS[reason as Reason]; // an own key of it
  const notes: Readonly<Partial<Record<string, string>>> = tool?.reasonNotes ?? {};
  const note = Object.hasOwn(notes, reason) ? notes[reason] : undefined;
  return note === undefined ? text : { ...text, when: `${text.when} ${note}` };
}
