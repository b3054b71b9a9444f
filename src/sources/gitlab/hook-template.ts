import type { Hook } from './api-schema.ts';

/** What a body must contain, each by one of these placeholders. */
const NEEDED: readonly (readonly [string, RegExp])[] = [
  ['status', /\{\{\s*(?:status|build_status|object_attributes\.status)\s*\}\}/],
  ['environment', /\{\{\s*environment(?:\.name)?\s*\}\}/],
  ['deployable_id or deployment_id', /\{\{\s*(?:deployable_id|deployment_id|build_id)\s*\}\}/],
  ['project.id', /\{\{\s*(?:project\.(?:id|path_with_namespace|web_url)|project_id)\s*\}\}/],
];

/**
 * What a webhook's custom template leaves out, in words; undefined without a template, or with a sufficient one.
 * GitLab: app/services/web_hook_service.rb, render_custom_template.
 */
export function missingInTemplate({ custom_webhook_template: template }: Hook): string | undefined {
  if (!template) return undefined;
  const missing = NEEDED.filter(([, placeholder]) => !placeholder.test(template)).map(([name]) => name);
  return missing.length > 0 ? missing.join(', ') : undefined;
}
