import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HeaderList } from '../../../core/exchange/headers.ts';
import { MessageWriter } from '../../../core/http1/message-writer.ts';
import { portOf } from '../../support/listen.ts';
import { decode } from './decode-chunked.ts';

let server: Server;
beforeEach(async () => {
  server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => server.close());

/** What arrives when `write` writes to a socket. */
async function arrives(write: (writer: MessageWriter) => void): Promise<string> {
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const sender = connect(portOf(server), '127.0.0.1');
  const receiver = await accepted;
  const received = buffer(receiver);
  const writer = new MessageWriter(sender);
  write(writer);
  writer.writeHeld();
  sender.end();
  return (await received).toString('latin1');
}

// From nothing to beyond the size up to which a head and its body leave in one string.
const pieces = fc.array(
  fc
    .tuple(fc.constantFrom(1, 2, 15, 16, 1000, 16_000, 16_300, 16_320, 20_000), fc.nat({ max: 255 }))
    .map(([size, byte]) => Buffer.alloc(size, byte)),
  { maxLength: 6 },
);

/** Writes a piece as a connection does, whose next read overwrites it. */
function writePiece(writer: MessageWriter, piece: Buffer, chunked: boolean): void {
  const read = Buffer.from(piece);
  writer.body(read, chunked);
  read.fill('!');
}

const head = fc.constantFrom('', 'head\r\n\r\n');

test('a chunked body that is written decodes to the same bytes and trailers', async () => {
  await fc.assert(
    fc.asyncProperty(
      head,
      pieces,
      fc.boolean(),
      fc.boolean(),
      async (text, buffers, withTrailers, flushEach) => {
        const trailers = new HeaderList();
        trailers.append('X-Sum', 'abc');
        const wire = await arrives((writer) => {
          writer.hold(text);
          for (const piece of buffers) {
            writePiece(writer, piece, true);
            if (flushEach) writer.flush();
          }
          writer.end(withTrailers ? trailers : null, true);
        });
        expect(wire.startsWith(text)).toBe(true);
        expect(decode(wire.slice(text.length))).toEqual({
          body: Buffer.concat(buffers).toString('latin1'),
          trailers: withTrailers ? [['X-Sum', 'abc']] : [],
          rest: '',
        });
      },
    ),
    { numRuns: 50 },
  );
});

test('a body with a length is written as it is, and trailers are left out', async () => {
  await fc.assert(
    fc.asyncProperty(head, pieces, async (text, buffers) => {
      const trailers = new HeaderList();
      trailers.append('X-Sum', 'abc');
      const wire = await arrives((writer) => {
        writer.hold(text);
        for (const piece of buffers) writePiece(writer, piece, false);
        writer.end(trailers, false);
      });
      expect(wire).toBe(text + Buffer.concat(buffers).toString('latin1'));
    }),
    { numRuns: 50 },
  );
});
