import { expect, it } from 'vitest';
import { nameCheckout, nameRef } from '../../src/values/ref.ts';

it.each([
  ['main', { ref: 'main' }],
  ['feature/refs/heads/x', { ref: 'feature/refs/heads/x' }],
  ['refs/heads/main', { ref: 'main', tag: false }],
  ['refs/heads/feature/lamp', { ref: 'feature/lamp', tag: false }],
  ['refs/tags/v1.2.0', { ref: 'v1.2.0', tag: true }],
  ['refs/tags/v1.2.0^{}', { ref: 'v1.2.0', tag: true }],
  ['refs/merge-requests/42/head', { mergeRequest: '42' }],
  ['refs/merge-requests/42/merge', { mergeRequest: '42' }],
  ['refs/merge-requests/7/train', { mergeRequest: '7' }],
  ['refs/pull/9/merge', { mergeRequest: '9' }],
  ['refs/pull-requests/9/from', { mergeRequest: '9' }],
  ['refs/merge-requests/0/merge', { ref: 'refs/merge-requests/0/merge' }],
  ['refs/merge-requests/x', { ref: 'refs/merge-requests/x' }],
  ['refs/heads/', { ref: 'refs/heads/' }],
  [' refs/heads/main ', { ref: 'main', tag: false }],
  ['', {}],
  [undefined, {}],
  [null, {}],
])('%j is %j', (text, named) => {
  expect(nameRef(text)).toEqual(named);
});

it.each([
  ['main', { ref: 'main' }],
  ['refs/tags/v1.2.0', { ref: 'v1.2.0', tag: true }],
  ['refs/pull/9/merge', { mergeRequest: '9' }],
  ['HEAD', {}],
  ['4f0c9e1d7a2b83c65d9e0f41ab37c2d8e56190bf', {}],
  ['origin/main', { ref: 'main', tag: false }],
  ['origin/feature/lamp', { ref: 'feature/lamp', tag: false }],
  ['origin/HEAD', {}],
  ['remotes/upstream/main', { ref: 'main', tag: false }],
  ['refs/remotes/origin/main', { ref: 'main', tag: false }],
  ['origin', { ref: 'origin' }],
  ['lamp/origin/main', { ref: 'lamp/origin/main' }],
  ['', {}],
  [undefined, {}],
])('the checkout %j of a pipeline is %j', (text, named) => {
  expect(nameCheckout(text)).toEqual(named);
});
