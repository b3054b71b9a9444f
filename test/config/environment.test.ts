import { expect, it } from 'vitest';
import { checkSpelling } from '../../src/config/environment.ts';

const FILE = 'data_dir: ${SHIPLOG_DATA_DIR:-./data}\nsources: [{ secrets: ["${SHIPLOG_GITLAB_SECRET}"] }]\n';
const check = (environment: Record<string, string>) => () => checkSpelling(environment, FILE);

it.each([
  ['SHIPLOG_DATADIR', 'SHIPLOG_DATA_DIR'],
  ['SHIPLOG_GITLAB_SECERT', 'SHIPLOG_GITLAB_SECRET'],
  ['SHIPLOG_CONFG', 'SHIPLOG_CONFIG'],
])('a misspelt variable is named with the one that was meant: %s', (name, meant) => {
  expect(check({ [name]: 'x' })).toThrow(`the environment variable ${name} is not known; did you mean ${meant}?`);
});

it.each([
  { SHIPLOG_DATA_DIR: '/data', SHIPLOG_GITLAB_SECRET: 'x', PATH: '/bin' },
  { SHIPLOG_DATADIR: '' },
  { SHIPLOG_GITLAB_SECRET: 'x', SHIPLOG_GITLAB_SECRET2: 'an older one, for a file that is not read now' },
  { SHIPLOG_VERSION: '1.2.3', SHIPLOG_POSTGRES_HOST: 'db' },
  { SHIPLOG_ORG: 'harbor', SHIPLOG_USR: 'ana', SHIPLOG_TOPIC: 'pay' },
  { SHIPLOG_SERVICE_HOST: '10.0.0.1', SHIPLOG_PORT: 'tcp://10.0.0.1:8080', SHIPLOG_PORT_8080_TCP_ADDR: '10.0.0.1' },
])('a variable of the file, of somebody else or of Kubernetes is none: %o', (environment) => {
  expect(check(environment)).not.toThrow();
});
