import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkAnswer, encodeUpdate, readAnswer, signMessage } from '../../../certs/dns-message.ts';

const key = { name: 'Some.Key', algorithm: 'hmac-sha256', secret: Buffer.from('secret') } as const;
const change = { kind: 'add', name: '_acme-challenge.a.test', value: 'value', ttl: 60 } as const;
const update = encodeUpdate(0x1234, 'a.test', change);

describe('an update', () => {
  test('adds a record', () => {
    expect(update.toString('hex')).toBe(
      [
        ['12342800', '0001000000010000'],
        ['01610474657374', '00', '00060001'],
        ['0f5f61636d652d6368616c6c656e6765', '01610474657374', '00', '00100001', '0000003c', '0006'],
        ['0576616c7565'],
      ]
        .flat()
        .join(''),
    );
  });

  test('removes that record alone', () => {
    const removal = encodeUpdate(0x1234, 'a.test', { ...change, kind: 'remove' }).toString('hex');
    expect(removal).toContain('001000fe0000000000060576616c7565');
  });

  test.each(['', 'a..test', `${'a'.repeat(64)}.test`, `${'a.'.repeat(130)}test`])(
    'refuses %j as a name',
    (name) => {
      expect(() => encodeUpdate(1, 'a.test', { ...change, name })).toThrow(RangeError);
    },
  );
});

describe('the signature of an answer', () => {
  // What a server does is what we do, with our signature before it: without one the code is the same but for that.
  const { signed, mac } = signMessage(update, key, 1_000_000);

  test('that is missing is only fine for a refusal', () => {
    const answer = Buffer.from(update);
    answer.writeUInt16BE(0xa805, 2);
    expect(readAnswer(answer, 0x1234)).toBe(5);
    expect(checkAnswer(answer, key, mac, 1_000_000)).toBeNull();
    answer.writeUInt16BE(0xa800, 2);
    expect(() => checkAnswer(answer, key, mac, 1_000_000)).toThrow('did not sign');
  });

  test('of another message is not taken: our own, sent back', () => {
    const answer = Buffer.from(signed);
    answer.writeUInt16BE(0xa800, 2);
    expect(() => checkAnswer(answer, key, mac, 1_000_000)).toThrow('not of our key');
  });

  test('whatever comes is refused or read, and never hangs', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 12, maxLength: 300 }), (bytes) => {
        try {
          checkAnswer(Buffer.from(bytes), key, mac, 1_000_000);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });
});

test('an answer to another question is none', () => {
  const answer = Buffer.from(update);
  expect(() => readAnswer(answer, 0x1234)).toThrow('no update');
  answer.writeUInt16BE(0xa800, 2);
  expect(() => readAnswer(answer, 0x4321)).toThrow('something else');
  expect(() => readAnswer(Buffer.alloc(3), 0)).toThrow('something else');
});
