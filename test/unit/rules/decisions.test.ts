import { expect, test } from 'vitest';
import { deny, forward, MadeDecision, redirect, respond } from '../../../rules/runtime/decisions.ts';
import type { Decision } from '../../../rules/api.ts';

function parts(decision: Decision): unknown {
  const made = MadeDecision.of(decision);
  return made === undefined ? undefined : MadeDecision.parts(made);
}

test.each([
  ['a path that does not begin with a slash', () => forward('a', { path: 'x' })],
  ['a path with a fragment', () => forward('a', { path: '/x#y' })],
  ['a path with a line break', () => forward('a', { path: '/x\r\n' })],
  ['a host with a path', () => forward('a', { host: 'b/c' })],
  ['a host with a line break', () => forward('a', { host: 'b\r\n' })],
  ['a header value with a line break', () => forward('a', { setHeaders: { x: 'a\nb' } })],
  ['a header of the framing', () => forward('a', { removeHeaders: ['Content-Length'] })],
  ['a priority that there is not', () => Reflect.apply(forward, undefined, ['a', { priority: 'higher' }])],
  ['an upstream without a name', () => forward('')],
  ['a location with a line break', () => redirect('/a\r\nset-cookie: x')],
  ['an empty location', () => redirect('')],
  ['a redirect of status 200', () => redirect('/', 200)],
  ['a redirect of status 304', () => redirect('/', 304)],
  ['a body with 204', () => respond('x', { status: 204 })],
  ['a status of 199', () => respond('', { status: 199 })],
  ['a status of 600', () => respond('', { status: 600 })],
  ['a body that is no string', () => Reflect.apply(respond, undefined, [{}])],
  ['a header with a NUL', () => respond('', { headers: { x: '\0' } })],
  ['a denial of status 200', () => deny(200)],
])('%s is refused', (_what, make) => {
  expect(make).toThrow(Error);
});

test('what is not ASCII is percent-encoded', () => {
  expect(parts(redirect('/ü ö'))).toMatchObject({ location: '/%C3%BC%20%C3%B6' });
  expect(parts(forward('a', { path: '/ü?q=é' }))).toMatchObject({ path: '/%C3%BC?q=%C3%A9' });
  expect(parts(redirect('/\ud800'))).toMatchObject({ location: '/%EF%BF%BD' });
});

test('an empty path is the root', () => {
  expect(parts(forward('a', { path: '' }))).toMatchObject({ path: '/' });
});

test('an answer has a content type when it has a body and none is given', () => {
  expect(parts(respond('x'))).toMatchObject({
    status: 200,
    headers: ['content-type', 'text/plain;charset=UTF-8'],
  });
  expect(parts(respond('x', { headers: [['Content-Type', 'text/html']] }))).toMatchObject({
    headers: ['Content-Type', 'text/html'],
  });
  expect(parts(respond())).toMatchObject({ headers: [], body: '' });
  expect(parts(respond(null, { status: 204 }))).toMatchObject({ status: 204, body: '' });
});

test('an object that looks like a decision is none', () => {
  expect(MadeDecision.of({ kind: 'forward', upstream: 'a' })).toBeUndefined();
  expect(MadeDecision.of(Object.create(MadeDecision.prototype))).toBeUndefined();
});
