// Node-RED with the flow that one would draw: check the token, map, answer, post. Installed once, outside the repository.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TOKEN } from '../payloads.mjs';
import { freePort, listening, startProgram } from '../processes.mjs';

const VERSION = '4';
const HOME = join(tmpdir(), 'shiplog-bench-cache', `node-red-${VERSION}`);
const MAIN = join(HOME, 'node_modules/node-red/red.js');

/** `npm` runs it with these arguments. @returns whether it is there now. */
export async function installNodeRed(npm) {
  if (existsSync(MAIN)) return true;
  mkdirSync(HOME, { recursive: true });
  writeFileSync(join(HOME, 'package.json'), '{"private":true}');
  return (await npm(['install', `node-red@${VERSION}`, '--omit=dev', '--prefix', HOME])) && existsSync(MAIN);
}

export async function startNodeRed({ dir, destination }) {
  const home = join(dir, 'node-red');
  const port = await freePort();
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'flows.json'), JSON.stringify(flow(destination)));
  const settings = { uiPort: port, uiHost: '127.0.0.1', flowFile: 'flows.json', httpAdminRoot: false };
  const rest = { credentialSecret: false, logging: { console: { level: 'warn' } }, telemetry: { enabled: false } };
  writeFileSync(join(home, 'settings.js'), `module.exports = ${JSON.stringify({ ...settings, ...rest })};`);
  const child = startProgram(process.execPath, [MAIN, '--userDir', home], { log: join(dir, 'node-red.log') });
  await listening(port, { running: child.isRunning });
  await answers(`http://127.0.0.1:${port}/webhooks/gitlab`);
  return { ...child, port };
}

/** It listens before its flow runs. */
async function answers(url) {
  for (let left = 200; left > 0; left -= 1) {
    const { status } = await fetch(url, { method: 'POST' });
    if (status === 401) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the flow of Node-RED does not answer');
}

const flow = (destination) => [
  { id: 'tab', type: 'tab', label: 'deployments' },
  { id: 'in', z: 'tab', type: 'http in', url: '/webhooks/gitlab', method: 'post', wires: [['map']] },
  { id: 'map', z: 'tab', type: 'function', func: CHECK_AND_MAP, outputs: 2, wires: [['out'], ['post']] },
  { id: 'out', z: 'tab', type: 'http response', wires: [] },
  {
    id: 'post',
    z: 'tab',
    type: 'http request',
    method: 'POST',
    url: `${destination}/api/v1/changes`,
    ret: 'txt',
    persist: true,
    wires: [[]],
  },
];

const CHECK_AND_MAP = `
if (msg.req.headers['x-gitlab-token'] !== ${JSON.stringify(TOKEN)}) {
  return [{ res: msg.res, statusCode: 401, payload: { error: 'wrong token' } }, null];
}
const hook = msg.payload;
const accepted = { res: msg.res, statusCode: 202, payload: { status: 'accepted' } };
if (hook.object_kind !== 'deployment') return [accepted, null];
const change = {
  summary: 'Deploy ' + hook.project.path_with_namespace + '@' + hook.short_sha + ' to ' + hook.environment,
  change_type: 'deployment',
  description: hook.commit_title + ' ' + hook.deployable_url,
  source: 'gitlab',
  commit_sha: hook.commit_url.split('/').pop(),
  commit_message: hook.commit_title,
  branch: hook.ref,
  pipeline_url: hook.deployable_url,
  environment: hook.environment,
  changed_by: hook.user.username,
  external_id: 'gitlab:' + hook.project.id + ':deployment:' + hook.deployment_id + ':' + hook.status,
  tags: ['gitlab', 'project:' + hook.project.path_with_namespace],
};
const headers = { 'content-type': 'application/json', authorization: 'Bearer ${TOKEN}' };
return [accepted, { payload: change, headers }];`;
