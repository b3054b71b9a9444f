/**
 * Errors come with status 200, in the body. These classes are tried again by newrelic-client-go as well
 * (internal/http/graphql.go). A time that lies more than 24 hours back is refused.
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
