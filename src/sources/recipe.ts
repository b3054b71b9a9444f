/** The address for the webhooks of this source, as the reader's own browser reaches us. */
export interface SetupAddress {
  /** `https://shiplog.example.com`, without a trailing slash. */
  readonly base: string;
  /** `https://shiplog.example.com/webhooks/gitlab` */
  readonly url: string;
  /** The name of the source in the configuration. */
  readonly name: string;
  /** Undefined unless somebody who may see it asked for it. */
  readonly secret: string | undefined;
}

/** Plain text, text to copy, or a path through the menus of a tool. Never markup: the page escapes it. */
export type RecipePart = string | { readonly code: string } | { readonly menu: string };

export interface RecipeStep {
  readonly text: readonly RecipePart[];
  /** Text to paste into a shell or a file, unchanged. */
  readonly block?: string;
}

/** How to set a tool up, with everything filled in that may be seen. The README of the source has the details. */
export interface SetupRecipe {
  readonly intro?: readonly RecipePart[];
  readonly steps: readonly RecipeStep[];
  /** Longer text to copy, shown folded. */
  readonly attachments?: readonly { readonly title: string; readonly text: string }[];
}

/** One word of a POSIX shell, whatever its content. */
export const shellQuoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** The secret as a word of a shell, else the variable that holds it. */
export const secretOr = ({ secret }: SetupAddress, variable: string): string =>
  secret === undefined ? `"$${variable}"` : shellQuoted(secret);

/** `Authorization: Bearer <secret>` as a word of a shell. */
export const bearerOr = ({ secret }: SetupAddress, variable: string): string =>
  secret === undefined ? `"Authorization: Bearer $${variable}"` : shellQuoted(`Authorization: Bearer ${secret}`);

export const shownSecret = ({ secret }: SetupAddress): RecipePart =>
  secret === undefined ? 'the secret' : { code: secret };
