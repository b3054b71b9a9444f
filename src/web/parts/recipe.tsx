import type { RecipePart, RecipeStep, SetupAddress } from '../../sources/recipe.ts';
import type { Source } from '../../sources/source.ts';
import { exactly, type Html } from '../html.ts';

/** What to paste where, in the source's own words, with the secret where an admin asked for it. */
export async function recipeFor(source: Source, address: SetupAddress): Promise<Html> {
  const { intro, steps, attachments = [] } = await source.recipe(address);
  return (
    <>
      {intro && <p>{intro.map(Part)}</p>}
      <ol>{steps.map(Step)}</ol>
      {attachments.map(({ title, text }) => (
        <details>
          <summary>{title}</summary>
          <pre tabindex="0">{exactly(text)}</pre>
        </details>
      ))}
    </>
  );
}

const Step = ({ text, block }: RecipeStep): Html => (
  <li>
    {text.map(Part)}
    {block !== undefined && <pre tabindex="0">{exactly(block)}</pre>}
  </li>
);

function Part(part: RecipePart): Html {
  if (typeof part === 'string') return <>{part}</>;
  return 'code' in part ? <code>{exactly(part.code)}</code> : <b>{part.menu}</b>;
}
