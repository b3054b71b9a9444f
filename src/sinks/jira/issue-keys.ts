import type { Deployment } from '../../domain/deployment.ts';

/** Jira: "Sum of Association values across all association types can have a maximum of 500 elements". */
const KEYS_SENT = 500;

/**
 * Keys as Jira Cloud makes them: a project of 2 to 10 characters, a number that does not begin with zero. Each part is
 * bounded and none can begin again within itself, so that matching takes linear time.
 */
const KEY = /(?<![\p{L}\p{N}])([A-Z][A-Z0-9]{1,9})-([1-9]\d{0,9})(?![\p{L}\p{N}])/gu;
/** Where the projects are known, a branch may be written in lower case. */
const KEY_OF_ANY_CASE = /(?<![\p{L}\p{N}])([A-Za-z][A-Za-z0-9]{1,9})-([1-9]\d{0,9})(?![\p{L}\p{N}])/gu;

/** Standards, encodings and algorithms whose names look like keys. Jira would call them unknown issues. */
const NO_PROJECTS = new Set(
  'AES CVE CWE ECMA EN HTTP IEEE ISO MD MP PEP PKCS RFC RSA SHA SSE TLS UTC UTF WINDOWS'.split(' '),
);

/**
 * The issues that a deployment is about, in the order in which they are named: by branch, merge request and commit.
 * @param projects the only ones that count; undefined: any
 */
export function issueKeysOf(deployment: Deployment, projects: ReadonlySet<string> | undefined): readonly string[] {
  const { ref, pullRequest, commit } = deployment;
  const texts = [ref, pullRequest?.title, commit?.title, commit?.message].filter((text) => text !== undefined);
  const pattern = projects ? KEY_OF_ANY_CASE : KEY;
  const keys = new Set<string>();
  for (const text of texts)
    for (const [, project = '', number = ''] of text.matchAll(pattern)) {
      const named = project.toUpperCase();
      if (projects ? !projects.has(named) : NO_PROJECTS.has(named)) continue;
      keys.add(`${named}-${number}`);
      if (keys.size === KEYS_SENT) return [...keys];
    }
  return [...keys];
}
