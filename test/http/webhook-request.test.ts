import express from 'express';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressOf, pathOf } from '../../src/http/webhook-request.ts';

describe('the address of a sender', () => {
  const address = fc.constantFrom('198.51.100.7', '203.0.113.9', '2001:db8::7', '');
  const header = fc.option(
    fc.array(address).map((all) => all.join(' , ')),
    { nil: undefined },
  );

  it('is the one that express takes, however many proxies are trusted', () => {
    fc.assert(
      fc.property(header, fc.integer({ min: 0, max: 4 }), (forwarded, trustProxy) => {
        const app = express();
        app.set('trust proxy', trustProxy);
        const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
        const request = Object.create(app.request, {
          ...Object.fromEntries(
            Object.entries({ headers, socket: { remoteAddress: '192.0.2.1' } }).map(([name, value]) => [
              name,
              { value },
            ]),
          ),
        });
        expect(addressOf(request, trustProxy)).toBe(request.ip);
      }),
    );
  });
});

describe('the path of a webhook', () => {
  it('is without the query, and doubled slashes count as one', () => {
    expect(pathOf('//webhooks///gitlab?a=//b')).toBe('/webhooks/gitlab');
    expect(pathOf('/webhooks/gitlab')).toBe('/webhooks/gitlab');
  });
});
