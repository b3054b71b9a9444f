/** The text of a JavaScript expression: what a flow makes of `hook`, a deployment hook of GitLab's, for Alert24. */
export const CHANGE_OF_HOOK = `({
  summary: 'Deploy ' + hook.project.path_with_namespace + '@' + hook.short_sha + ' to ' + hook.environment,
  change_type: 'deployment',
  description: hook.commit_title + ' ' + hook.deployable_url,
  source: 'gitlab',
  commit_sha: hook.commit_url.split('/').pop(),
  commit_message: hook.commit_title,
  branch: hook.ref,
  pipeline_url: hook.deployable_url,
  environment: hook.environment,
  changed_by: hook.user.username,
  external_id: 'gitlab:' + hook.project.id + ':deployment:' + hook.deployment_id + ':' + hook.status,
  tags: ['gitlab', 'project:' + hook.project.path_with_namespace],
})`;
