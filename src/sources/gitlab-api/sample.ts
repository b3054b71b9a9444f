import { createHash } from 'node:crypto';

/** A new deployment, as GitLab's API takes one. Each second makes another. */
export function sampleDeployment(at: Date): string {
  const second = String(Math.floor(at.getTime() / 1000));
  const sha = createHash('sha1').update(second).digest('hex');
  return JSON.stringify({ environment: 'staging', sha, ref: 'main', tag: false, status: 'success' });
}
