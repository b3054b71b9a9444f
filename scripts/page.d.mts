/** What the tests use of page.mjs. */
interface Column {
  readonly name: string;
  readonly isNumber?: boolean;
}
export function toText(columns: readonly Column[], rows: readonly (readonly string[])[]): string;
export function writePage(page: {
  readonly path: string;
  readonly name: string;
  readonly facts: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
}): Promise<void>;
