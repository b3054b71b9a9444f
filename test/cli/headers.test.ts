import { describe, expect, it } from 'vitest';
import { parseHeaders } from '../../src/cli/headers.ts';

describe('the headers file', () => {
  const expected = { 'x-gitlab-event': 'Deployment Hook', 'x-gitlab-token': 'a:b' };

  it.each([
    ['"Name: value" lines', 'X-Gitlab-Event: Deployment Hook\r\nX-Gitlab-Token: a:b\r\n'],
    ['a JSON object', JSON.stringify({ 'X-Gitlab-Event': ['Deployment Hook'], 'X-Gitlab-Token': 'a:b', other: null })],
    [
      'what curl -v prints',
      [
        '* Connected to shiplog.harbor.example port 443',
        '* TLS: ok',
        '> POST /webhooks/gitlab?x=1 HTTP/1.1',
        '> X-Gitlab-Event: Deployment Hook',
        '> X-Gitlab-Token: a:b',
        '>',
        '< HTTP/1.1 401 Unauthorized',
        '< Content-Type: application/json',
      ].join('\n'),
    ],
  ])('are read from %s', (_, text) => {
    expect(parseHeaders(text)).toMatchObject({ headers: expected, redacted: false });
    expect(Object.keys(parseHeaders(text).headers)).toEqual(Object.keys(expected));
  });

  it('provides the path and the method if curl shows them', () => {
    expect(parseHeaders('> PUT /api/v4/projects/7/deployments HTTP/2\n> A: b')).toMatchObject({
      path: '/api/v4/projects/7/deployments',
      method: 'PUT',
    });
  });

  it('joins a repeated header, as the bridge does', () => {
    expect(parseHeaders('X-Gitlab-Token: one\nx-gitlab-token: two').headers).toEqual({ 'x-gitlab-token': 'one, two' });
  });

  it.each(['[REDACTED]', '*****', 'Bearer [REDACTED]'])('reports that a secret was removed: %s', (value) => {
    expect(parseHeaders(`X-Gitlab-Token: ${value}\nA: b`)).toEqual({ headers: { a: 'b' }, redacted: true });
  });

  it('is refused without any header, with an example', () => {
    for (const text of ['', '{}', 'hello world']) expect(() => parseHeaders(text)).toThrow(/"Name: value"/);
    expect(() => parseHeaders('{"a": ')).toThrow(SyntaxError);
  });
});
