import { gitlabJobUrl } from '../../forges/gitlab.ts';
import { forgeOf } from '../../forges/index.ts';
import { shortSha } from '../../values/sha.ts';
import { sampleSha } from '../sample-sha.ts';

/** A deployment hook as GitLab 19 sends it, of an invented project. Each second makes another deployment. */
export function sampleDeploymentHook(at: Date): string {
  const web_url = 'https://gitlab.example.com/shiplog/sample';
  const id = Math.floor(at.getTime() / 1000);
  const sha = sampleSha(id);
  return JSON.stringify({
    object_kind: 'deployment',
    status: 'success',
    status_changed_at: at.toISOString(),
    deployment_id: id,
    deployable_id: id,
    deployable_url: gitlabJobUrl(web_url, id),
    environment: 'staging',
    environment_tier: 'staging',
    environment_external_url: null,
    project: { id: 1, name: 'Sample', web_url, path_with_namespace: 'shiplog/sample' },
    short_sha: shortSha(sha),
    user: { name: 'Mira Example', username: 'mira' },
    commit_url: forgeOf({ url: web_url })?.commitUrl(sha),
    commit_title: 'A sample deployment',
    ref: 'main',
  });
}
