import type { Deployment } from '../../domain/deployment.ts';
import type { Fields, Scope, ValueType } from '../../templates/shape.ts';
import { DEPLOYMENT, factsOf } from './facts.ts';

/** Values that the configuration gives to templates besides the deployment. */
export interface TemplateSettings {
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  readonly secrets: Readonly<Record<string, string>>;
}

/** The shape of what templates see. `names`: every setting and secret that may be named, given or not. */
export function shapeOf(names: { settings: readonly string[]; secrets: readonly string[] }): Fields {
  const named = (list: readonly string[]): ValueType => ({
    fields: Object.fromEntries(list.map((name) => [name, 'text'])),
  });
  return { fields: { ...DEPLOYMENT.fields, settings: named(names.settings), secrets: named(names.secrets) } };
}

/** `remote_id`: the destination's own id of its object, which exists only in an update. */
export const withRemoteId = ({ fields }: Fields): Fields => ({ fields: { ...fields, remote_id: 'text' } });

interface ScopeExtras {
  readonly remoteId?: string | undefined;
  readonly pageUrl?: string | undefined;
}

export function scopeOf(
  deployment: Deployment,
  { settings, secrets }: TemplateSettings,
  { remoteId, pageUrl }: ScopeExtras,
): Scope {
  return { ...factsOf(deployment, pageUrl), settings, secrets, ...(remoteId !== undefined && { remote_id: remoteId }) };
}
