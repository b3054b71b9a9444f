import type { RejectionCode } from '../domain/errors.ts';
import type { IgnoredReason } from './mapped.ts';
import type { ToolFacts } from './source.ts';

/** Why a webhook did not create a change: one word for the answer, the log, the metric and the inbox. */
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
    means: 'The event is of another kind: it does not report a deployment.',
    when: 'A push, an issue, a comment, a merge request.',
    advice:
      'If deployments are missing, tick their event in the settings of the webhook. Otherwise nothing; untick ' +
      'this event to avoid the traffic.',
  },
  no_environment: {
    means: 'The job, pipeline or step has no environment, so it does not count as a deployment.',
    when: 'The job or step names no environment, and nothing else in the webhook does.',
    advice: 'If it deploys, set the environment of the job or step in the pipeline. Otherwise nothing.',
  },
  not_a_start: {
    means: 'The job has an environment, but its action is not a deployment.',
    when: 'A job that stops, prepares, verifies or opens an environment.',
    advice: 'Nothing, unless the job does deploy: then remove `action` from its `environment:`.',
  },
  not_started: {
    means: 'Nothing was deployed (yet).',
    when:
      'A job that is created, waits for a runner, is manual, or was skipped or canceled before it began; an ' +
      'application that was never synced.',
    advice: 'Nothing: the webhook that reports the start or the end creates the change.',
  },
  unknown_status: {
    means: 'This version of Shiplog does not know the status.',
    when: 'The tool is newer than Shiplog, or a template or script sends a status of its own.',
    advice:
      'Send one of the statuses that the README of the source lists. If the tool itself sent the status, update ' +
      'Shiplog.',
  },
  ping: {
    means: "The sender's own connection test.",
    when: 'Somebody pressed the button of the tool that tests the connection.',
    advice: 'Nothing: the connection works.',
  },
  needs_lookup: {
    means: 'The webhook does not contain enough data for a deployment, and the API of the tool cannot be queried.',
    when: 'The webhook names no environment, and the source has no API token.',
    advice:
      'Set an API token for the source, or let the deployment step post to Shiplog itself: the README of the ' +
      'source describes both.',
  },
  dry_run: {
    means: 'A dry run: nothing was deployed.',
    when: 'Somebody started a dry run in the tool.',
    advice: 'Nothing.',
  },
  self_heal: {
    means: 'Resources that had drifted were restored; no new revision was deployed.',
    when: 'The tool restored the resources of an application automatically. It can do so every few seconds.',
    advice: 'Nothing. To record these syncs too, set `self_heal: record` for the source.',
  },
  no_op: {
    means: 'The sync had nothing to change.',
    when: 'A sync without a changed resource, while `noop: skip` is set.',
    advice: 'Nothing. To record these too, set `noop: record` for the source.',
  },
  too_old: {
    means: 'The deployment is older than the maximum age that the source accepts.',
    when: 'A first subscription reports the last deployment of every application, however old.',
    advice: 'Nothing. To record older ones, raise `max_age_hours` of the source and let the tool send again.',
  },
  app_deleted: {
    means: 'The application is being deleted, which is not a deployment.',
    when: 'The tool reports an application that is being deleted.',
    advice: 'Nothing.',
  },
  unmapped: {
    means: 'The body is JSON, but has none of the formats that the source supports.',
    when: 'A template of your own, a body for another source, or a body without what identifies a deployment.',
    advice:
      'Check that the tool posts to the URL of its own source, and copy the template from the README of the ' +
      'source. The inbox shows the body.',
  },
  invalid_json: {
    means:
      'The body is not valid JSON, or has too many values. It is stored unchanged, since the sender would not send ' +
      'it again.',
    when: 'A template that puts quotation marks around a text which contains quotation marks or line breaks.',
    advice: 'Let the template encode every value as JSON, without quotation marks. The detail shows the position.',
  },
  echo: {
    means: 'The tool reports a deployment that Shiplog itself wrote to it.',
    when: 'A sink created a deployment in a project that has a deployment webhook to Shiplog.',
    advice: 'Nothing: the deployment is in the change log already.',
  },
  dropped_by_rule: {
    means: 'A rule of the configuration drops this deployment.',
    when: 'A rule with `drop: true` matches it. The detail names the rule.',
    advice: 'Nothing if this is intended. Otherwise make the `match` of that rule more specific.',
  },
  bad_signature: {
    means: 'The sender could not be authenticated with a secret of the source. The body was not read.',
    when: 'The token or signature is missing, wrong, or belongs to another source; or a proxy changed the body.',
    advice:
      'Set the secret of the source (`npx shiplog secrets` shows it) in the settings of the webhook. The error ' +
      'names the header.',
  },
  not_json: {
    means: 'The body is not valid JSON, or has more than 300,000 values.',
    when: 'A shell script put a quotation mark, a line break or an empty variable into the body.',
    advice:
      'Build the body with `jq -n --arg`, which escapes every value. The error names line, column and field. ' +
      'Then send it again.',
  },
  bad_payload: {
    means: 'The body reports a deployment, but a required field is missing or a value is invalid.',
    when: 'A template or script omits a field, or sends a value of the wrong type.',
    advice: 'Correct the fields that the error names, and send it again.',
  },
  too_large: {
    means: 'The body is larger than the source accepts. It was not read.',
    when: 'A pipeline with thousands of jobs, or a step that posts a log.',
    advice: 'Send less, or raise `max_body_mib` of the source.',
  },
  unproved: {
    means: 'A connection test that the tool does not sign. It is answered with 2xx; the body was not read or stored.',
    when: 'The test button of the tool was pressed, or an unsigned request looked like this test.',
    advice: 'Nothing: the address is reachable. The first real webhook shows whether the secret is correct.',
  },
  no_such_source: {
    means: 'It was sent to an address that belongs to no source.',
    when: 'A wrong name in the URL of the webhook, or a source that was renamed or removed from the configuration.',
    advice: 'Correct the URL in the settings of the webhook: the set-up page shows the URL of each source.',
  },
  wrong_method: {
    means: 'It was sent by a method that the address does not take. The body was not read.',
    when:
      'A template or script that sends by GET or PUT, or a proxy that redirects to another address: the redirected ' +
      'request comes by GET.',
    advice:
      'Let the sender use POST. If a proxy redirects, give the sender the address that it redirects to, usually ' +
      'with https.',
  },
  busy: {
    means: 'The memory limit for bodies was reached, so this body was not read to its end and not acknowledged.',
    when:
      'Many bodies at once that are large, slow or never end. A part of the memory is reserved for authenticated ' +
      'senders.',
    advice:
      'Send the webhook again if the tool does not retry. If your own senders cause this, raise ' + '`bodies_max_mib`.',
  },
  not_kept: {
    means: 'The webhook could not be stored durably, so it was not acknowledged.',
    when: 'Redis is unreachable, and the spool on disk is full or cannot be written.',
    advice:
      'Restart Redis, free disk space, or raise `spool_max_mib`. Then send the webhook again if the ' +
      'tool does not retry.',
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
