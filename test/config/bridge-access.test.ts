import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { keepLogin, reachBridge } from '../../src/config/bridge-access.ts';
import { loadConfig } from '../../src/config/load.ts';
import { announceBridge } from '../../src/config/running-bridge.ts';

let dir: string;
let dataDir: string;
let environment: Record<string, string>;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'shiplog-reach-'));
  dataDir = join(dir, 'data');
  const file = join(dir, 'shiplog.yaml');
  const sources = '[{ type: gitlab, secrets: [generated] }]';
  writeFileSync(file, `port: 8080\ndata_dir: ${dataDir}\nadmin_token: generated\nsources: ${sources}\n`);
  environment = { SHIPLOG_CONFIG: file, XDG_CONFIG_HOME: join(dir, 'user'), SHIPLOG_DATA_DIR: dataDir };
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const bridge = { url: 'http://127.0.0.1:9999', config: '/etc/shiplog.yaml', version: '1.0.0', pid: 1 };

it('generates no secret: only the start of the bridge does', () => {
  expect(() => reachBridge({}, environment)).toThrow(/only the bridge makes secrets[\s\S]*--url and --token/);
  expect(existsSync(dataDir)).toBe(false);
  const { admin_token } = loadConfig(environment, { mayMakeSecrets: true });
  expect(reachBridge({}, environment)).toMatchObject({ admin_token, port: 8080 });
});

it('finds the running bridge by the file beside its lock, whatever port this shell would use', () => {
  loadConfig(environment, { mayMakeSecrets: true });
  const takeBack = announceBridge(dataDir, bridge);
  expect(reachBridge({}, environment).url).toBe(bridge.url);
  takeBack();
  expect(reachBridge({}, environment).url).toBeUndefined();
});

it('finds it even if the configuration needs variables that are not set', () => {
  const { admin_token } = loadConfig(environment, { mayMakeSecrets: true });
  announceBridge(dataDir, bridge);
  writeFileSync(environment['SHIPLOG_CONFIG'] ?? '', 'admin_token: ${NOT_HERE}\n');
  expect(reachBridge({}, environment)).toMatchObject({ url: bridge.url, admin_token });
});

it('reads the configuration of the bridge that runs on the data directory, wherever it is run', () => {
  loadConfig(environment, { mayMakeSecrets: true });
  const file = environment['SHIPLOG_CONFIG'] ?? '';
  const sources = '[{ type: gitlab, secrets: [a-secret-of-24-characters] }]';
  writeFileSync(file, `admin_token: \${ADMIN:-an-admin-token-of-the-file}\nsources: ${sources}\n`);
  const elsewhere = { ...environment, SHIPLOG_CONFIG: join(dir, 'none.yaml') };
  rmSync(join(dataDir, 'secrets.json'));
  announceBridge(dataDir, { ...bridge, config: file });
  expect(reachBridge({}, elsewhere)).toMatchObject({ url: bridge.url, admin_token: 'an-admin-token-of-the-file' });
  announceBridge(dataDir, { ...bridge, config: join(dir, 'gone.yaml') });
  expect(() => reachBridge({}, elsewhere)).toThrow(/a bridge runs at http:\/\/127.0.0.1:9999.*give --token/s);
});

it('explains how to reach a remote bridge if there is no configuration', () => {
  const nothing = { SHIPLOG_CONFIG: join(dir, 'none.yaml'), SHIPLOG_DATA_DIR: dataDir, XDG_CONFIG_HOME: dir };
  expect(() => reachBridge({}, nothing)).toThrow(/cannot be read[\s\S]*on another machine: give --url and --token/);
});

it('uses the given address, without any configuration', () => {
  const nowhere = { XDG_CONFIG_HOME: dir, SHIPLOG_CONFIG: join(dir, 'none.yaml') };
  const told = { url: 'https://shiplog.harbor.example/ops/', token: 't'.repeat(16) };
  const found = { url: 'https://shiplog.harbor.example/ops', admin_token: told.token };
  expect(reachBridge(told, nowhere)).toMatchObject(found);
  expect(reachBridge({}, { ...nowhere, SHIPLOG_URL: told.url, SHIPLOG_TOKEN: told.token })).toMatchObject(found);
  expect(() => reachBridge({ url: told.url }, nowhere)).toThrow(/no token for this address/);
  expect(() => reachBridge({ url: 'shiplog' }, nowhere)).toThrow(/is no address of a bridge/);
});

it('remembers a login for this user alone, and prefers a bridge that runs here', () => {
  const file = keepLogin({ url: 'https://shiplog.harbor.example', token: 't'.repeat(16) }, environment);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(reachBridge({}, environment)).toMatchObject({ url: 'https://shiplog.harbor.example' });
  expect(reachBridge({ url: 'https://shiplog.harbor.example/' }, environment).admin_token).toBe('t'.repeat(16));
  loadConfig(environment, { mayMakeSecrets: true });
  announceBridge(dataDir, bridge);
  expect(reachBridge({}, environment).url).toBe(bridge.url);
});
