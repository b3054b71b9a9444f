import type { JsonAnswer } from '../../outbound/http.ts';
import type { Scope } from '../../templates/shape.ts';
import type { Template, TemplateContext } from '../../templates/template-context.ts';
import { compileText } from '../../templates/text.ts';

/** What a certain refusal of a destination means, and what to do. */
export interface Advice {
  readonly status?: number;
  /** A word of the destination in the answer. */
  readonly says?: string;
  /** May hold values, as a template. Where one is missing, the general advice is used instead. */
  readonly text: string;
}

export interface CompiledAdvice extends Omit<Advice, 'text'> {
  readonly text: Template;
}

export const compileAdvice = (advice: readonly Advice[], place: TemplateContext): readonly CompiledAdvice[] =>
  advice.map(({ text, ...when }) => ({
    ...when,
    text: compileText(text, { ...place, language: undefined, own: new Map() }).value,
  }));

/** The first that matches, else what applies to any destination. */
export function adviceFor(answer: JsonAnswer, advice: readonly CompiledAdvice[], scope: Scope): string | undefined {
  const fits = advice.find(
    ({ status = answer.status, says = '' }) => status === answer.status && answer.text.includes(says),
  );
  const text = fits?.text(scope);
  return typeof text === 'string' ? text : generalAdvice(answer);
}

function generalAdvice({ status }: JsonAnswer): string | undefined {
  if (status === 401 || status === 403)
    return 'Its credentials are missing, wrong, expired or not allowed to do this: correct auth or secrets';
  if (status === 404) return 'Nothing answers there: correct url';
  if (status >= 300 && status < 400) return 'Redirects are not followed: set url to where it leads';
  return undefined;
}
