/** A promise that a test settles. */
export function deferred(): { readonly over: Promise<void>; settle(): void } {
  let settle = () => {};
  const over = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return { over, settle };
}
