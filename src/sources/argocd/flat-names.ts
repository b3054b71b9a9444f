import { ownOrApps } from './flat-fields.ts';

/**
 * Where guides and teams write a field, in order of reliability; all of them occur in templates that people use. The
 * names are those of `fieldsOf`.
 */
export const NAMES = {
  app: [
    ...['application', 'app', 'applicationname', 'appname', 'argocdapp', 'argocdapplication'],
    ...['app.name', 'application.name', 'metadata.name'],
  ],
  /** Of the application, or of the message: a link to the application tells. */
  name: ['name'],
  service: [...ownOrApps('service', 'servicename'), 'annotations.shiplogservice', 'labels.service'],
  uid: ['uid', 'app.uid', 'application.uid', 'metadata.uid'],
  revision: [
    ...['commitsha', 'syncresult.revision', 'sha', 'gitsha', 'commitid', 'commithash', 'gitcommit'],
    ...ownOrApps('revision', 'gitrevision', 'deployedrevision'),
    ...['operation.revision', 'operationstate.revision', 'commit.sha', 'commit.id', 'commit.revision'],
    ...['git.sha', 'git.commit', 'git.revision', 'source.deployedrevision', 'source.revision'],
    ...['syncrevision', 'sync.revision', 'status.revision'],
  ],
  /** They also hold other things: a sha alone is a revision. */
  perhapsRevision: [
    ...['deployref', 'version', 'ref', 'gitref', 'labels.version', 'releaseversion'],
    ...['app.version', 'application.version'],
  ],
  chart: [...ownOrApps('chart', 'chartname'), 'source.chart'],
  /** Of the application, where no image says it. */
  version: [...ownOrApps('version', 'appversion', 'imagetag', 'imageversion', 'releaseversion'), 'labels.version'],
  revisions: [...ownOrApps('revisions'), 'commitshas', 'syncresult.revisions', 'sync.revisions'],
  repository: [
    ...ownOrApps('repository', 'repo', 'repourl', 'gitrepo', 'repositoryurl', 'giturl', 'sourcerepo', 'sourcerepourl'),
    ...['source.repourl', 'source.repository', 'source.repo', 'git.url', 'git.repo', 'git.repository'],
  ],
  source: ['source'],
  url: [
    ...['deployurl', 'titlelink', 'targeturl', 'appurl', 'applicationurl', 'detailsurl'],
    ...['app.url', 'application.url', 'links.argocd', 'links.application', 'argocdlink', 'link', 'url'],
  ],
  /** Often the address of Argo CD itself. */
  argocdUrl: ['argocdurl', 'argocd.url', 'context.argocdurl'],
  ref: [...ownOrApps('ref', 'branch', 'targetrevision', 'gitbranch', 'gitref'), 'source.targetrevision', 'git.branch'],
  environment: [
    ...ownOrApps('environment', 'env', 'stage', 'environmentname', 'envname', 'targetenvironment', 'toenvironment'),
    ...['annotations', 'labels'].flatMap((part) => [
      `${part}.shiplogenvironment`,
      `${part}.environment`,
      `${part}.env`,
      `${part}.stage`,
    ]),
    ...[
      'environment.name',
      'destination.environment',
      'metadata.environment',
      'context.environment',
      'context.environmentname',
    ],
  ],
  /** A name or an address. */
  cluster: [
    ...ownOrApps('cluster', 'clustername', 'destinationname', 'destinationcluster', 'destcluster', 'clusterid'),
    ...ownOrApps('targetcluster'),
    ...['destination.name', 'destination.cluster', 'context.clustername', 'context.cluster'],
    ...ownOrApps('destinationserver', 'destserver', 'clusterurl', 'server'),
    'destination.server',
  ],
  /** `https://kubernetes.default.svc/pay`: the cluster and the namespace in one text. */
  destination: ['destination', 'app.destination', 'application.destination'],
  namespace: [
    ...ownOrApps('destinationnamespace', 'destnamespace', 'targetnamespace', 'tenantnamespace'),
    ...['destination.namespace', 'namespace', 'app.namespace', 'application.namespace'],
  ],
  project: [...ownOrApps('project', 'argocdproject', 'appproject'), 'spec.project'],
  actor: [
    ...['deployer', 'username', 'initiatedby.username', 'user', 'initiatedby', 'triggeredby', 'deployedby', 'actor'],
    ...['initiator', 'requestedby', 'startedby'],
    ...['operation.initiatedby', 'operation.username', 'syncedby', 'user.name', 'deployer.name', 'deployer.email'],
  ],
  commitMessage: ['commitmessage', 'commit.message', 'git.message'],
  commitAuthor: ['commitauthor', 'commit.author', 'git.author'],
  images: [...ownOrApps('images', 'image'), 'summary.images'],
  description: ['description'],
  message: [
    ...['message', 'operation.message', 'operationstate.message', 'error', 'errormessage'],
    ...['app.message', 'application.message', 'operation.error', 'health.message'],
  ],
  dedupId: ['dedupid'],
  started: [
    ...['startedat', 'starttime', 'syncstartedat', 'operation.startedat', 'operationstate.startedat'],
    ...['sync.startedat', 'app.startedat', 'application.startedat', 'deploystarttime', 'starteddate'],
  ],
  finished: [
    ...['finishedat', 'deployedat', 'syncedat', 'completedat', 'endedat', 'finishtime', 'syncfinishedat'],
    ...['operation.finishedat', 'operationstate.finishedat', 'sync.finishedat', 'app.finishedat'],
    ...['application.finishedat', 'operation.completedat', 'deployendtime', 'endtime', 'finisheddate'],
  ],
  /** Beside one of the others it is when the body was sent. */
  sent: ['timestamp', 'time', 'date', 'eventtime', 'ts'],
} as const satisfies Readonly<Record<string, readonly string[]>>;
