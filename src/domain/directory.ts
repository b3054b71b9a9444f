import type { Deployment } from './deployment.ts';
import { type Owners, ownerOf } from './owners.ts';
import { type People, personOf } from './people.ts';

/** People and owners, as the configuration names them today. */
export interface Directory {
  readonly people?: People | undefined;
  readonly owners: Owners;
}

/** A deployment as people, destinations and programs see it: one name for each person, and the owner of the service. */
export const withNames = (deployment: Deployment, { people, owners }: Directory): Deployment =>
  withOwner(people ? withPerson(deployment, people) : deployment, owners);

function withOwner(deployment: Deployment, owners: Owners): Deployment {
  const owner = ownerOf(owners, deployment.service);
  return owner ? { ...deployment, owner } : deployment;
}

function withPerson(deployment: Deployment, people: People): Deployment {
  const { actor, commit } = deployment;
  return {
    ...deployment,
    ...(actor !== undefined && { actor: personOf(people, actor) }),
    ...(commit?.author !== undefined && { commit: { ...commit, author: personOf(people, commit.author) } }),
  };
}
