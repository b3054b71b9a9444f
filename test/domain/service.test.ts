import { describe, expect, it } from 'vitest';
import { isNamedByDefault, serviceIdentity } from '../../src/domain/service.ts';
import { lineageOf } from '../../src/domain/succession.ts';
import { aDeployment } from '../support/deployment.ts';

const project = {
  service: 'Harbor API',
  repository: { name: 'sea/harbor-api' },
  environment: { name: 'eu/production' },
};
const identity = (job?: string) => serviceIdentity({ ...project, ...(job !== undefined && { job }) });

describe('the identity of a service', () => {
  it('is its id, then its name', () => {
    expect(serviceIdentity({ ...project, serviceId: 'svc_1', job: 'deploy-cart' })).toBe('svc_1');
    expect(serviceIdentity({ ...project, service: 'cart', job: 'deploy-pay' })).toBe('cart');
  });

  it.each([
    ['deploy-cart', 'Harbor API cart'],
    ['deploy:pay:production', 'Harbor API pay'],
    ['deploy: [cart, eu]', 'Harbor API cart'],
    ['rollback_cart', 'Harbor API cart'],
  ])('is taken from the job %s if the name is only that of the repository', (job, expected) => {
    expect(identity(job)).toBe(expected);
  });

  it.each(['deploy', 'Deploy to production', 'deploy_harbor-api', 'rollback:eu/production', 'deploy 2/3', '...', ''])(
    'is not taken from the job %j, which has no distinguishing word',
    (job) => {
      expect(identity(job)).toBe('Harbor API');
    },
  );

  it('keeps two services of one repository apart in the lineage', () => {
    const { repository } = project;
    const lineage = (said: object) => lineageOf(aDeployment({ repository, service: 'harbor-api', ...said }));
    expect(lineage({ serviceId: 'cart' })).not.toBe(lineage({ serviceId: 'pay' }));
    expect(lineage({ job: 'deploy-cart' })).not.toBe(lineage({ job: 'deploy-pay' }));
    expect(lineage({ job: 'deploy' })).toBe(lineage({ job: 'rollback' }));
  });
});

it('recognises a service that only has the name of its repository', () => {
  expect(isNamedByDefault(project)).toBe(true);
  expect(isNamedByDefault({ service: 'unknown' })).toBe(true);
  expect(isNamedByDefault({ service: 'cart', repository: { name: 'sea/harbor-api' } })).toBe(false);
  expect(isNamedByDefault({ service: 'cart' })).toBe(false);
});
