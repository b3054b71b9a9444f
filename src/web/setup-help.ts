import type { RecipePart, RecipeStep, SetupAddress } from '../sources/recipe.ts';
import type { Source } from '../sources/source.ts';
import { type Html, html } from './html.ts';

/** What to paste where, in the source's own words. */
export async function recipeFor(source: Source, address: SetupAddress): Promise<Html> {
  const { intro, steps, attachments = [] } = await source.recipe(address);
  return html`${intro && html`<p>${intro.map(part)}</p>\n`}<ol>
${steps.map(step)}</ol>${attachments.map(
    ({ title, text }) => html`\n<details><summary>${title}</summary><pre tabindex="0">${text}</pre></details>`,
  )}`;
}

const step = ({ text, block }: RecipeStep): Html =>
  html`<li>${text.map(part)}${block !== undefined && html`\n<pre tabindex="0">${block}</pre>`}</li>\n`;

function part(said: RecipePart): Html {
  if (typeof said === 'string') return html`${said}`;
  return 'code' in said ? html`<code>${said.code}</code>` : html`<b>${said.menu}</b>`;
}
