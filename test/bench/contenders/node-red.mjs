// Node-RED with the flow that one would draw: check the token, map, answer, post. Installed once, outside the repository.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TOKEN } from '../payloads.mjs';
import { answers, freePort, startProgram } from '../processes.mjs';
import { cacheOf } from './cache.mjs';
import { CHANGE_OF_HOOK } from './change-of-hook.mjs';

const VERSION = '4';
const HOME = cacheOf(`node-red-${VERSION}`);
const MAIN = join(HOME, 'node_modules/node-red/red.js');

/** `npm` runs it with these arguments. @returns whether it is there now. */
export async function installNodeRed(npm) {
  if (existsSync(MAIN)) return true;
  mkdirSync(HOME, { recursive: true });
  writeFileSync(join(HOME, 'package.json'), '{"private":true}');
  return (await npm(['install', `node-red@${VERSION}`, '--omit=dev', '--prefix', HOME])) && existsSync(MAIN);
}

export async function startNodeRed({ dir, destination, node }) {
  const home = join(dir, 'node-red');
  const port = await freePort();
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'flows.json'), JSON.stringify(flow(destination)));
  const settings = { uiPort: port, uiHost: '127.0.0.1', flowFile: 'flows.json', httpAdminRoot: false };
  const rest = { credentialSecret: false, logging: { console: { level: 'warn' } }, telemetry: { enabled: false } };
  writeFileSync(join(home, 'settings.js'), `module.exports = ${JSON.stringify({ ...settings, ...rest })};`);
  const child = startProgram(node, [MAIN, '--userDir', home], { log: join(dir, 'node-red.log') });
  await answers(`http://127.0.0.1:${port}/webhooks/gitlab`, { status: 401, running: child.isRunning });
  return { ...child, port };
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
const headers = { 'content-type': 'application/json', authorization: 'Bearer ${TOKEN}' };
return [accepted, { payload: ${CHANGE_OF_HOOK}, headers }];`;
