import { METHODS } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Exchange } from '../../../core/exchange/exchange.ts';
import { HeaderKind } from '../../../core/exchange/headers.ts';
import type { BodyFraming } from '../../../core/exchange/streams.ts';
import { RequestHeadForBackend } from '../../../core/exchange/request-head.ts';
import { parseRequestHead, type ParsedRequest } from '../../../core/http1/parse-head.ts';
import { startDataPath, type DataPath } from '../../support/data-path.ts';
import { readWithNode } from '../../support/node-http-parser.ts';
import { mutate, mutations, validRequest } from './arbitrary-messages.ts';
import { fieldsOf, LIMITS, refusalOf } from './read-request.ts';

const SEED = 0x71de;
const BACKEND = { kind: 'tcp', host: '192.0.2.7', port: 8080 } as const;
const PEER = {
  address: '192.0.2.1',
  port: 4711,
  localAddress: '192.0.2.80',
  localPort: 80,
} as const;

/** Node knows a fixed set of methods; CONNECT and TRACE are never forwarded. */
const known = fc.constantFrom(...METHODS.filter((method) => method !== 'CONNECT' && method !== 'TRACE'));
const head = fc
  .tuple(validRequest(known), fc.oneof(fc.constant([]), mutations))
  .map(([{ wire }, changes]) => mutate(wire.slice(0, wire.indexOf('\r\n\r\n')), changes))
  .filter(
    (text) =>
      METHODS.includes(text.slice(0, text.indexOf(' '))) &&
      !text.startsWith('CONNECT') &&
      !text.startsWith('TRACE'),
  );

let dataPath: DataPath;
beforeAll(async () => {
  dataPath = await startDataPath({ listener: { forwarded: { forwarded: true } } });
});
afterAll(() => dataPath.close());

function wireBody(framing: BodyFraming): { encoded: string; data: string } {
  if (framing.kind === 'chunked') return { encoded: '5\r\nhello\r\n0\r\n\r\n', data: 'hello' };
  const data = framing.kind === 'length' ? 'd'.repeat(Math.min(framing.bytes, 1000)) : '';
  return { encoded: data, data };
}

/** Without what the proxy writes itself. */
function passedOn(fields: readonly (readonly [string, string])[]): (readonly [string, string])[] {
  const own =
    /^(host|content-length|transfer-encoding|connection|te|upgrade|expect|x-forwarded-(for|proto|host|port)|forwarded|via|x-request-id)$/i;
  return fields.filter(([name]) => !own.test(name));
}

function sentOn({ head: { headers, nominated } }: ParsedRequest): (readonly [string, string])[] {
  return fieldsOf(headers).filter(
    ([name], i) =>
      (headers.kinds[i] === HeaderKind.EndToEnd || headers.kinds[i] === HeaderKind.Date) &&
      !(nominated ?? []).includes(name.toLowerCase()),
  );
}

describe('an accepted request, written anew for the backend', () => {
  test("is the same request to Node's parser, with nothing behind it", async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(head, async (text) => {
        fc.pre(refusalOf(() => parseRequestHead(text, LIMITS)) === 'accepted');
        accepted += 1;
        const parsed = parseRequestHead(text, LIMITS);
        const { framing } = parsed.head;
        const written = `${new RequestHeadForBackend(new Exchange(dataPath.service, PEER, parsed.head, parsed.fieldText), BACKEND).text()}\r\n`;
        const body = wireBody(framing);
        const reading = await readWithNode(Buffer.from(written + body.encoded, 'latin1'));

        expect(reading).toMatchObject({
          kind: 'accepted',
          method: parsed.head.method,
          target: parsed.head.target,
          version: '1.1',
          body: body.data,
        });
        if (reading.kind !== 'accepted') return;
        expect(reading.whole).toBe(framing.kind !== 'length' || framing.bytes <= 1000);
        expect(passedOn(reading.fields)).toEqual(sentOn(parsed));
        const values = (name: string) =>
          reading.fields.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value);
        expect(values('host')).toEqual([parsed.head.host === '' ? '192.0.2.7:8080' : parsed.head.host]);
        expect(values('content-length')).toEqual(framing.kind === 'length' ? [String(framing.bytes)] : []);
        expect(values('transfer-encoding')).toEqual(framing.kind === 'chunked' ? ['chunked'] : []);
        expect(values('upgrade')).toEqual(parsed.head.upgrade === null ? [] : ['websocket']);
        expect(values('x-forwarded-for')).toEqual([PEER.address]);
      }),
      { numRuns: 800, seed: SEED },
    );
    expect(accepted).toBeGreaterThanOrEqual(800);
  });
});
