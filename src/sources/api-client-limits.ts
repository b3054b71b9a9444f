/**
 * What a request to a tool's API may take. Less than the worker gives a lookup (recording/resolve.ts): a tool that does
 * not answer is then known to be away, and the next lookup does not wait.
 *
 * An object, so that the tests can raise it (test/setup.ts): on a busy machine their own stand-ins answer late, and
 * that is no tool that is away.
 */
export const apiClientLimits = { timeoutMs: 4_000 };
