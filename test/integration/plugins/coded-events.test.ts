import {
  createBrotliCompress,
  createBrotliDecompress,
  createDeflate,
  createGunzip,
  createGzip,
  createInflate,
  createZstdCompress,
  createZstdDecompress,
} from 'node:zlib';
import { get } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { chainOf } from '../../support/plugin-chain.ts';
import { poll } from '../../support/poll.ts';
import { startRawBackend } from '../../support/raw-backend.ts';
import { entry, startProxy } from '../http1/setup.ts';

test.each([
  ['gzip', createGzip, createGunzip],
  ['deflate', createDeflate, createInflate],
  ['br', createBrotliCompress, createBrotliDecompress],
  ['zstd', createZstdCompress, createZstdDecompress],
])(
  'an event in %s leaves when it has come, undone and done again',
  async (coding, createEncoder, createDecoder) => {
    const encoder = createEncoder();
    const backend = await startRawBackend(({ connection }) => {
      connection.send(`HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nTransfer-Encoding: chunked\r\n\r\n`);
      encoder.on('data', (piece: Buffer) =>
        connection.send(
          Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]),
        ),
      );
      encoder.on('end', () => connection.send('0\r\n\r\n'));
    });
    const proxy = await startProxy({
      backendPort: backend.port,
      plugins: chainOf({
        responseBody: () => ({
          transform: {
            data: (piece, push) => push(Buffer.from(Buffer.from(piece).toString().toUpperCase())),
          },
          decoded: true,
        }),
      }),
    });
    let seen = '';
    const request = get({ port: proxy.port, host: '127.0.0.1', agent: false }, (response) => {
      response.pipe(createDecoder()).on('data', (piece: Buffer) => (seen += piece.toString()));
    });
    onTestFinished(() => void request.destroy());
    await backend.request(0);
    let expected = '';
    for (const event of ['one ', 'two ', 'three ']) {
      encoder.write(event);
      encoder.flush();
      expected += event.toUpperCase();
      await poll(() => seen === expected);
    }
    encoder.end();
    expect((await entry(proxy)).error).toBeNull();
  },
);
