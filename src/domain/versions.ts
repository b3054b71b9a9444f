import { shortSha } from '../values/sha.ts';
import type { Deployment } from './deployment.ts';

/** The versions of an image or a chart before and after a deployment. */
interface Step {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** In one line of a list. */
const STEPS_SHOWN = 3;
const VERSION_CHARS = 30;

/** `1.4.1 → 1.4.2`, or `pay 1.4.1 → 1.4.2, web 7 → 8`. Undefined: nothing changed, or one of the two is not known. */
export function versionSteps({ artifacts, replaced }: Pick<Deployment, 'artifacts' | 'replaced'>): string | undefined {
  if (!replaced?.artifacts?.length) return undefined;
  const before = versionsByName(replaced.artifacts);
  const after = versionsByName(artifacts);
  const steps = [...after].flatMap(([name, to]): Step[] => {
    const from = before.get(name);
    return from === undefined || from === '' || to === '' || from === to ? [] : [{ name, from, to }];
  });
  if (steps.length === 0) return undefined;
  const shown = steps.slice(0, STEPS_SHOWN).map(({ name, from, to }) => {
    const change = `${short(from)} → ${short(to)}`;
    return after.size === 1
      ? change
      : `${name
          .split('/')
          .at(-1)
          ?.replace(/^chart:/, '')} ${change}`;
  });
  return [...shown, ...(steps.length > STEPS_SHOWN ? ['…'] : [])].join(', ');
}

/** Of an image or a chart: `1.4.1` of `registry:5000/shop/pay:1.4.1`. Undefined where it names none. */
export const versionOf = (artifact: string): string | undefined => parse(artifact)?.version;

/** With two versions of one name at once it is unknown which was replaced: marked as ''. */
function versionsByName(artifacts: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const { name, version } of artifacts.flatMap((artifact) => parse(artifact) ?? []))
    found.set(name, found.has(name) && found.get(name) !== version ? '' : version);
  return found;
}

/** In the title of a service: its version alone, where the artifact has the name of the service. */
export function artifactTitle(service: string, artifact: string): string {
  const [name = '', digest] = plainArtifact(artifact).split('@', 2);
  const known = parse(artifact);
  const version = known?.version ?? (digest && shortDigest(digest));
  const own = lastPart(known?.name ?? name);
  if (version === undefined) return own;
  return own.toLowerCase() === lastPart(service).toLowerCase() ? version : `${own}${known ? ':' : '@'}${version}`;
}

const lastPart = (path: string): string => path.slice(path.lastIndexOf('/') + 1).replace(/^chart:/, '');
const shortDigest = (digest: string): string => digest.replace(/^(sha\d+:[0-9a-f]{8})[0-9a-f]+$/, '$1');

/** `pkg:oci/pay@sha256%3A…?repository_url=…` is `pay@sha256:…`; others stay. https://github.com/package-url */
function plainArtifact(artifact: string): string {
  const purl = /^pkg:[^/]+\/([^?#]+)/.exec(artifact)?.[1];
  return purl === undefined ? artifact : decodeOrKeep(purl);
}

function decodeOrKeep(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `registry:5000/shop/pay:1.4.1@sha256:…`, `chart:pay@1.4.1`. A digest alone is no version that people read. */
function parse(artifact: string): { readonly name: string; readonly version: string } | undefined {
  if (artifact.startsWith('pkg:')) return parsePackage(plainArtifact(artifact));
  const at = artifact.startsWith('chart:') ? artifact.lastIndexOf('@') : tagStart(artifact.split('@', 1)[0] ?? '');
  const end = artifact.startsWith('chart:') ? artifact.length : (artifact.split('@', 1)[0] ?? '').length;
  const version = at < 0 ? '' : artifact.slice(at + 1, end);
  return version === '' ? undefined : { name: artifact.slice(0, at), version };
}

function parsePackage(plain: string): { readonly name: string; readonly version: string } | undefined {
  const at = plain.lastIndexOf('@');
  const version = plain.slice(at + 1);
  return at < 0 || /^sha\d+:/.test(version) ? undefined : { name: plain.slice(0, at), version };
}

/** The position of the tag's colon: one before a slash begins a port. */
const tagStart = (image: string): number => {
  const at = image.lastIndexOf(':');
  return at > image.lastIndexOf('/') ? at : -1;
};

const short = (version: string): string =>
  /^[0-9a-f]{40,64}$/i.test(version) ? shortSha(version) : version.slice(0, VERSION_CHARS);
