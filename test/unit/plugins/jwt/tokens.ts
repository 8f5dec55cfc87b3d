import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SignJWT, type JWK, type JWTPayload } from 'jose';
import type { TestedAnswer, TestedPlugin } from '../../../../plugins/testing.ts';

export const secret = 'a secret of thirty-two characters';
export const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const otherEc = generateKeyPairSync('ec', { namedCurve: 'P-256' });

export const soon = (): number => Math.floor(Date.now() / 1000) + 600;

export function jwkOf(key: KeyObject, more: Partial<JWK> = {}): JWK {
  return { ...key.export({ format: 'jwk' }), ...more };
}

export function pemOf(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'spki' });
}

export function setOf(...keys: readonly JWK[]): string {
  return JSON.stringify({ keys });
}

interface Signing {
  readonly alg?: string;
  readonly key?: KeyObject | Uint8Array;
  readonly header?: Readonly<Record<string, unknown>>;
}

/** Signed with `ec` unless said otherwise, and good for ten minutes. */
export function sign(
  claims: JWTPayload = {},
  { alg = 'ES256', key = ec.privateKey, header }: Signing = {},
): Promise<string> {
  return new SignJWT({ sub: 'kim', exp: soon(), ...claims }).setProtectedHeader({ alg, ...header }).sign(key);
}

/** Puts what nobody signed together. */
export function forge(header: unknown, claims: unknown, signature = 'AAAA'): string {
  return `${encode(header)}.${encode(claims)}.${signature}`;
}

export function encode(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

export function ask(tested: TestedPlugin, token: string, url = '/'): Promise<TestedAnswer> {
  return tested.request({ url, headers: { Authorization: `Bearer ${token}` } });
}
