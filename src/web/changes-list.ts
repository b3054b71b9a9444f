import { type Deployment, summarize } from '../domain/deployment.ts';
import { addressOf, type ChangesQuery } from './changes-query.ts';
import { deploymentPath, durationOf, firstLine, revisionOf, stateBadge, typeBadge, when } from './format.ts';
import { type Html, html, link } from './html.ts';

const COLUMNS = ['when', 'state', 'service', 'environment', 'what', 'who', 'took', 'links'];

/** The same as the timeline, in words. Rows have a name by which the script knows them again. */
export const changesList = (
  deployments: readonly Deployment[],
  query: ChangesQuery,
  now: Date,
): Html => html`<table class="changes">
<caption class="hidden">Changes, the newest first</caption>
<thead><tr>${COLUMNS.map((name) => html`<th scope="col" class="${name}">${name}</th>`)}</tr></thead>
<tbody>${deployments.map((deployment) => row(deployment, query, now))}</tbody>
</table>`;

function row(deployment: Deployment, query: ChangesQuery, now: Date): Html {
  const { key, state, changeType, service, environment, commit, occurredAt, source, reportedSource } = deployment;
  const what = firstLine(deployment.summary) ?? commit?.title ?? firstLine(commit?.message) ?? summarize(deployment);
  return html`<tr class="${state} ${changeType}" data-key="${key}">
<td class="when"><a class="before" title="What changed before this" href="${addressOf(query, { to: Date.parse(occurredAt), from: undefined })}">before this</a> ${when(occurredAt, now)}</td>
<td class="state">${stateBadge(state)} ${typeBadge(changeType)}</td>
<td class="service"><a href="${addressOf(query, { service })}"><bdi>${service}</bdi></a></td>
<td class="environment"><a href="${addressOf(query, { environment: environment.name })}"><bdi>${environment.name}</bdi></a></td>
<td class="what"><a href="${deploymentPath(key)}"><bdi>${what}</bdi></a> <div class="revision">${revisionOf(deployment)}${replaced(deployment)} <span class="mute">${reportedSource ?? source}</span></div></td>
<td class="who">${who(deployment, query)}</td>
<td class="took">${durationOf(deployment, now)}</td>
<td class="links">${linksOf(deployment).map((found, index) => html`${index > 0 && ' '}${found}`)}</td>
</tr>`;
}

/** Who deployed, and who wrote it where that is somebody else: a search for a person finds both. */
function who({ actor, commit }: Deployment, query: ChangesQuery): Html {
  const person = (name: string) => html`<a href="${addressOf(query, { person: name })}"><bdi>${name}</bdi></a>`;
  const author = commit?.author;
  if (author === undefined || author === actor) return html`${actor !== undefined && person(actor)}`;
  return html`${actor !== undefined && person(actor)} <span class="mute">code: ${person(author)}</span>`;
}

function replaced({ replaced: before }: Deployment): Html | undefined {
  if (!before) return undefined;
  const name = before.sha ? html`<code>${before.sha.slice(0, 8)}</code>` : 'the one before';
  return html` <span class="replaced">replaced <a href="${deploymentPath(before.deployment)}">${name}</a>${before.compareUrl !== undefined && html` (${link(before.compareUrl, 'compare')})`}</span>`;
}

/** The places where it happened. Argo CD's page of the application stands where others have a pipeline. */
function linksOf({ pipelineUrl, jobUrl, pullRequest, environment, source }: Deployment): Html[] {
  return [
    pipelineUrl !== undefined && link(pipelineUrl, source === 'argocd' ? 'Argo CD' : 'pipeline'),
    jobUrl !== undefined && link(jobUrl, 'job'),
    pullRequest && link(pullRequest.url, `${source === 'gitlab' ? '!' : '#'}${pullRequest.number}`),
    environment.url !== undefined && link(environment.url, 'site'),
  ].filter((found) => found !== false && found !== undefined);
}
