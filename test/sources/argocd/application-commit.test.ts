import { describe, expect, it } from 'vitest';
import { ChangeRecord } from '../../../src/domain/change-record.ts';
import { argocd } from '../../../src/sources/argocd/index.ts';
import { growsAtMost } from '../../support/time.ts';
import { body, createSource, createWebhook, recordOf, TOKEN } from './support.ts';

const CODE = 'c0de5a1e7b3f58964e0c2a1b9d8f7e6a5c4b3d2e';
const MANIFESTS = 'b7d2f31e8c4a69075f1d3b2cae908f7b6d5c4e3f';
const IMAGE_TAG = '^.+:(?:main-)?([0-9a-f]{7,40})$';
const PROJECT = { 'shiplog/gitlab-project': 'harbor/lighthouse' };

function record(change: object, rule: object = {}) {
  const source = createSource({ application_commit: rule });
  return ChangeRecord.parse(recordOf(source.map({ ...body('succeeded'), ...change }, createWebhook())));
}
const withApp = (annotations: object) => ({ app: { ...body('succeeded').app, annotations } });

const deployedManifests = {
  repository: 'harbor/apps/lighthouse-api',
  url: 'https://gitlab.harbor.example/harbor/apps/lighthouse-api',
  revision: MANIFESTS,
};

describe('the commit of the application', () => {
  it('is in an annotation, and the manifests are recorded with it', () => {
    const one = record(withApp({ ...PROJECT, 'shiplog/commit': CODE }));
    expect(one.commit).toEqual({ sha: CODE });
    expect(one.repository).toEqual({
      name: 'harbor/lighthouse',
      url: 'https://gitlab.harbor.example/harbor/lighthouse',
      gitlabProject: 'harbor/lighthouse',
    });
    expect(one.manifests).toEqual(deployedManifests);
    expect(one).not.toHaveProperty('ref'); // main is the branch of the manifests
    expect(one.notes).toEqual(expect.not.arrayContaining([expect.stringContaining('The commit is of')]));
  });

  it('is in the tag of an image', () => {
    const images = ['registry.harbor.example:5000/lighthouse/proxy:1.4.2', `registry.harbor.example/api:main-${CODE}`];
    const one = record({ ...withApp(PROJECT), images }, { image_tag: IMAGE_TAG });
    expect(one).toMatchObject({ commit: { sha: CODE }, manifests: deployedManifests });
    expect(one.artifacts).toEqual(images);
  });

  it('is read from the matching images, whatever their port, tag and digest', () => {
    const images = [
      `registry.harbor.example:5000/side/car:${'d'.repeat(40)}`,
      `registry.harbor.example:5000/apps/api:${CODE}@sha256:${'e'.repeat(64)}`,
    ];
    expect(record({ images }, { image_tag: IMAGE_TAG, image: 'registry.harbor.example:5000/apps/*' }).commit).toEqual({
      sha: CODE,
    });
    const both = record({ images }, { image_tag: IMAGE_TAG });
    expect(both).not.toHaveProperty('commit');
    expect(both.notes.join()).toContain('application_commit.image says which image counts');
  });

  it('is never a digest', () => {
    const images = [`registry.harbor.example/api@sha256:${CODE}${'0'.repeat(24)}`];
    const one = record({ images }, { image_tag: '([0-9a-f]{40})$' });
    expect(one.commit?.sha).toBe(MANIFESTS);
    expect(one.artifacts).toEqual(images);
  });

  it('is a note and a tag if it is short', () => {
    const one = record({ ...withApp(PROJECT), images: ['api:c0de5a1'] }, { image_tag: IMAGE_TAG });
    expect(one).not.toHaveProperty('commit');
    expect(one.tags).toContain('commit:c0de5a1');
    expect(one.notes.join()).toContain('put all its digits into the tag');
    expect(record(withApp({ 'shiplog/commit': 'C0DE5A1E' })).tags).toContain('commit:c0de5a1e');
  });

  it('is not read from the previous images while the sync is running', () => {
    const old = { event: 'running', images: [`api:${'d'.repeat(40)}`] };
    const one = record(old, { image_tag: IMAGE_TAG });
    expect(one).not.toHaveProperty('commit');
    expect(one.manifests).toEqual(deployedManifests);
    const told = { ...body('succeeded').resources, images: [`api:${CODE}`] };
    expect(record({ ...old, resources: told }, { image_tag: IMAGE_TAG }).commit).toEqual({ sha: CODE });
  });

  it('is read from the manifests of a whole Application rather than from pods that still run', () => {
    const app = body('application');
    app.status.summary.images = [`api:${'d'.repeat(40)}`, `api:${CODE}`];
    app.status.operationState.syncResult.resources[1].images = [`api:${CODE}`];
    expect(record(app, { image_tag: IMAGE_TAG }).service).toBe('lighthouse-api');
    const source = createSource({ application_commit: { image_tag: IMAGE_TAG } });
    expect(recordOf(source.map(app, createWebhook())).commit).toEqual({ sha: CODE });
  });

  it('may be in an annotation of any name in a whole Application', () => {
    const app = body('application');
    app.metadata.annotations['harbor.example/sha'] = CODE;
    const source = createSource({ application_commit: { annotation: 'harbor.example/sha' } });
    expect(recordOf(source.map(app, createWebhook())).commit).toEqual({ sha: CODE });
  });

  it('has a project only if one is named, as the manifests have another', () => {
    const one = record({ images: [`api:${CODE}`] }, { image_tag: IMAGE_TAG });
    expect(one).not.toHaveProperty('repository');
    expect(one.notes.join()).toContain('set the annotation shiplog/gitlab-project');
    const same = { 'shiplog/gitlab-project': 'harbor/apps/lighthouse-api', 'shiplog/commit': CODE };
    expect(record(withApp(same)).repository?.url).toBe(deployedManifests.url);
    expect(record(withApp({ 'shiplog/gitlab-project': '42', 'shiplog/commit': CODE })).repository).toEqual({
      name: '42',
      gitlabProject: '42',
    });
  });

  it('is noted as missing, with the rule to write, if the project differs from that of the manifests', () => {
    const one = record(withApp(PROJECT));
    expect(one.commit).toEqual({ sha: MANIFESTS });
    expect(one.notes.join('\n')).toMatch(
      /The commit is of harbor\/apps\/lighthouse-api; .* application_commit: \{ image_tag/,
    );
  });

  it('is noted as missing if no image and no annotation has one', () => {
    expect(record({ images: ['api:1.4.2'] }, { image_tag: IMAGE_TAG }).notes.join()).toContain('api:1.4.2');
    expect(record(withApp({ 'shiplog/commit': 'main' })).notes.join()).toContain('is "main", which is no commit');
  });

  it('is unknown for entries of the history', () => {
    const history = [{ id: 1, revision: 'd'.repeat(40), deployed_at: '2026-05-04T08:30:20Z' }];
    const source = createSource({ application_commit: { image_tag: IMAGE_TAG } });
    const mapped = source.map({ ...body('succeeded'), history }, createWebhook());
    const recovered = mapped.kind === 'records' ? mapped.records[1] : undefined;
    expect(recovered).not.toHaveProperty('commit');
    expect(recovered?.manifests?.revision).toBe('d'.repeat(40));
  });

  it.each([
    ['(a+)+:([0-9a-f]{40})$', /catastrophic/],
    ['^(?:(?:x+)*)*([0-9a-f]{40})$', /catastrophic/],
    ['^.+:[0-9a-f]{40}$', /exactly one group/],
    ['^(.+):([0-9a-f]{40})$', /exactly one group/],
    ['(?<=:)([0-9a-f]{40})$', /look-around/],
    ['([0-9a-f', /not a valid regular expression/],
  ])('refuses the expression %s at start', (image_tag, message) => {
    const { error } = argocd.safeParse({ type: 'argocd', secrets: [TOKEN], application_commit: { image_tag } });
    expect(error?.issues).toMatchObject([
      { path: ['application_commit', 'image_tag'], message: expect.stringMatching(message) },
    ]);
  });

  it('is found quickly for any expression and image', async () => {
    const reading = (chars: number) => () =>
      record({ images: [`${'a'.repeat(chars)}!`] }, { image_tag: '^(?:a|a|aa)*([0-9a-f]{40})$' });
    expect(await growsAtMost(30, reading(10_000), reading(100_000))).toBe(true);
  });
});
