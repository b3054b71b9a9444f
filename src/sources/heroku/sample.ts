import { shortSha } from '../../values/sha.ts';
import { sampleSha } from '../sample-sha.ts';

/** A release as Heroku reports it, of an invented app. Each second makes another release. */
export function sampleRelease(at: Date): string {
  const version = Math.floor(at.getTime() / 1000);
  const commit = sampleSha(version);
  const person = { id: '6b0f2c1e-0000-4000-8000-000000000001', email: 'mira@harbor.example' };
  const time = at.toISOString();
  return JSON.stringify({
    id: `6b0f2c1e-0000-4000-8000-${String(version).padStart(12, '0')}`,
    action: 'update',
    resource: 'release',
    actor: person,
    created_at: time,
    updated_at: time,
    data: {
      id: `9d41a7b3-0000-4000-8000-${String(version).padStart(12, '0')}`,
      app: { id: '2c7e95d0-0000-4000-8000-000000000002', name: 'shiplog-sample', process_tier: 'production' },
      slug: { id: '51aa3f08-0000-4000-8000-000000000003', commit, commit_description: '' },
      user: person,
      status: 'succeeded',
      current: true,
      version,
      created_at: time,
      updated_at: time,
      description: `Deploy ${shortSha(commit)}`,
    },
    previous_data: { status: 'pending' },
    version: 'application/vnd.heroku+json; version=3',
    webhook_metadata: { event: { include: 'api:release' } },
  });
}
