import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { evaluate } from './expression.ts';

interface Condition {
  readonly when: string;
  readonly oncePer?: string;
}

const { data } = parse(readFileSync(new URL('../../../../src/sources/argocd/configmap.yaml', import.meta.url), 'utf8'));

/**
 * The delivery state of Argo CD's notifications controller for one application (notifications-engine,
 * pkg/controller/state.go): a key with oncePer is never taken back, one without goes when the condition is seen unmet.
 */
export function createController(trigger = 'trigger.on-shiplog') {
  const conditions: readonly Condition[] = parse(data[trigger]);
  const notified = new Set<string>();
  return {
    /** How often the application is told when the controller looks at it now. */
    look(app: unknown): number {
      return conditions.filter(({ when, oncePer }, index) => {
        const isMet = attempt(() => evaluate(when, { app })) === true;
        const once = isMet && oncePer ? attempt(() => evaluate(oncePer, { app })) : undefined;
        const key = `${once === undefined ? '' : `${once}:`}${index}`;
        if (!isMet) {
          if (!oncePer) notified.delete(key);
          return false;
        }
        const isNews = !notified.has(key);
        notified.add(key);
        return isNews;
      }).length;
    },
  };
}

function attempt(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    if (error instanceof SyntaxError) throw error;
    return undefined; // the controller writes a line and goes on
  }
}
