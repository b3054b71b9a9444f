import { sampleSha } from '../sample-sha.ts';

/** A new deployment, as GitLab's API takes one. Each second makes another. */
export function sampleDeployment(at: Date): string {
  const sha = sampleSha(Math.floor(at.getTime() / 1000));
  return JSON.stringify({ environment: 'staging', sha, ref: 'main', tag: false, status: 'success' });
}
