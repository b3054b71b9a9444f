/**
 * Errors come with status 200, in the body. newrelic-client-go retries these classes as well
 * (internal/http/graphql.go). A time that is more than 24 hours in the past is refused.
 */
export const NERDGRAPH_RETRY = {
  on: [],
  never: [],
  body: {
    path: 'errors.extensions.errorClass',
    any_of: ['TIMEOUT', 'INTERNAL_SERVER_ERROR', 'SERVER_ERROR', 'TOO_MANY_REQUESTS'],
  },
  hours: 24,
};
