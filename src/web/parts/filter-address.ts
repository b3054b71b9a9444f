/** The parameters of a filtered page: `page` is the page of the list, all others are the filter. */
type PagedQuery = { readonly page: number } & { readonly [name: string]: string | number | undefined };

export const isFiltered = ({ page: _, ...filter }: PagedQuery): boolean =>
  Object.values(filter).some((value) => value !== undefined);

/** The page's own address with that filter. */
export function filterAddress(path: string, { page, ...filter }: PagedQuery): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) if (value !== undefined) search.set(name, String(value));
  if (page > 1) search.set('page', String(page));
  return search.size > 0 ? `${path}?${search}` : path;
}
