import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkAnswer, ocspRequest, type Issued } from '../../../certs/ocsp-message.ts';
import { DAY_MS, makeIdentity, ocspResponse, type SaidOcsp, type TestIdentity } from '../../support/ocsp.ts';

let issuer: TestIdentity;
let leaf: TestIdentity;
let sibling: TestIdentity;
let stranger: TestIdentity;
let delegate: TestIdentity;
let issued: Issued;

beforeAll(async () => {
  issuer = await makeIdentity({ name: 'authority.test' });
  leaf = await makeIdentity({ name: 'a.test', issuer });
  sibling = await makeIdentity({ name: 'b.test', issuer });
  stranger = await makeIdentity({ name: 'authority.test' });
  delegate = await makeIdentity({ name: 'responder.test', issuer, signsOcsp: true });
  issued = { leaf: new X509Certificate(leaf.cert), issuer: new X509Certificate(issuer.cert) };
});

function check(said: Partial<SaidOcsp>) {
  return checkAnswer(ocspResponse({ leaf: leaf.cert, issuer, ...said }), issued, Date.now());
}

test('takes an answer that the issuer signed', () => {
  const nextUpdate = Math.floor(Date.now() / 1000) * 1000 + DAY_MS;
  expect(check({ nextUpdate })).toMatchObject({ status: 'good', nextUpdate: new Date(nextUpdate) });
});

test('takes one that was signed by whom the issuer let sign', () => {
  expect(check({ signer: delegate, certificates: [sibling.cert, delegate.cert] }).status).toBe('good');
});

test('tells when the certificate was revoked', () => {
  expect(check({ status: 'revoked' })).toEqual({
    status: 'revoked',
    revokedAt: new Date('2026-01-02T03:04:05Z'),
  });
});

describe('an attack by a forged answer:', () => {
  const byWhom = 'it is not signed by the issuer of the certificate';
  test.each<{
    readonly what: string;
    readonly said: () => Promise<Partial<SaidOcsp>>;
    readonly problem: string;
  }>([
    {
      what: 'signed by a stranger of the same name',
      said: async () => ({ signer: stranger, certificates: [stranger.cert] }),
      problem: byWhom,
    },
    {
      what: 'signed with a sibling certificate',
      said: async () => ({ signer: sibling, certificates: [sibling.cert] }),
      problem: byWhom,
    },
    {
      what: 'signed by a delegate that is not shown',
      said: async () => ({ signer: delegate }),
      problem: byWhom,
    },
    {
      what: 'signed by a delegate of a stranger',
      said: async () => {
        const signer = await makeIdentity({ name: 'r.test', issuer: stranger, signsOcsp: true });
        return { signer, certificates: [signer.cert] };
      },
      problem: byWhom,
    },
    {
      what: 'signed by a delegate that has expired',
      said: async () => {
        const signer = await makeIdentity({ name: 'r.test', issuer, signsOcsp: true, expired: true });
        return { signer, certificates: [signer.cert] };
      },
      problem: byWhom,
    },
    {
      what: 'about another certificate',
      said: async () => ({ leaf: sibling.cert }),
      problem: 'it is about another certificate',
    },
    {
      what: 'of last week',
      said: async () => ({ nextUpdate: Date.now() - 1000 }),
      problem: 'it was good until ',
    },
    {
      what: 'of next week',
      said: async () => ({ thisUpdate: Date.now() + DAY_MS }),
      problem: 'it is good from ',
    },
    { what: 'good for ever', said: async () => ({ nextUpdate: null }), problem: 'until when it is good' },
    {
      what: 'that knows nothing',
      said: async () => ({ status: 'unknown' }),
      problem: 'does not know the certificate',
    },
  ])('$what', async ({ said, problem }) => {
    expect(check(await said())).toEqual({ status: 'unusable', problem: expect.stringContaining(problem) });
  });
});

test.each([
  { what: 'nothing', bytes: '', problem: 'it cannot be read' },
  { what: 'text', bytes: Buffer.from('<html>').toString('hex'), problem: 'it cannot be read' },
  { what: 'try later', bytes: '30030a0103', problem: 'the responder says tryLater' },
  { what: 'unauthorized', bytes: '30030a0106', problem: 'the responder says unauthorized' },
  { what: 'an unknown status', bytes: '30030a0163', problem: 'the responder says status 63' },
  { what: 'success without an answer', bytes: '30030a0100', problem: 'it cannot be read' },
  { what: 'a length of more than there is', bytes: '3084ffffffff0a0100', problem: 'it cannot be read' },
  { what: 'a length without end', bytes: '30800a01000000', problem: 'it cannot be read' },
])('says what is wrong with $what', ({ bytes, problem }) => {
  expect(checkAnswer(Buffer.from(bytes, 'hex'), issued, Date.now())).toEqual({ status: 'unusable', problem });
});

test('takes nothing that differs by one byte or is cut off, and never fails', () => {
  // Without certificates, whose bytes nobody needs when the issuer signed.
  const whole = ocspResponse({ leaf: leaf.cert, issuer });
  const end = whole.length - 4;
  fc.assert(
    fc.property(fc.nat(end - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const bytes = Buffer.from(whole);
      bytes.writeUInt8(bytes.readUInt8(at) ^ change, at);
      expect(checkAnswer(bytes, issued, Date.now()).status).toBe('unusable');
      expect(checkAnswer(whole.subarray(0, at), issued, Date.now()).status).toBe('unusable');
    }),
    { numRuns: 500 },
  );
});

test('asks about the certificate by its number', () => {
  const request = ocspRequest(issued).toString('hex');
  expect(request).toContain(issued.leaf.serialNumber.toLowerCase());
});
