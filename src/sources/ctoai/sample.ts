/**
 * What CTO.ai's GitLab template posts, of an invented project. It sends the word "null" for an image that there is not.
 */
export const sampleEvent = (): string =>
  JSON.stringify({
    repo: 'shiplog/sample',
    branch: 'main',
    commit: '4f0c9e1d7a2b83c65d9e0f41ab37c2d8e56190bf',
    image: 'null',
    environment: 'staging',
    event_name: 'deployment',
    event_action: 'success',
    team_id: '3d1f8a52-0000-4000-8000-000000000000',
    meta: { user: 'mira' },
  });
