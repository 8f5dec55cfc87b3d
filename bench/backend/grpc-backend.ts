// Answers every call as a gRPC server does, with a message of 64 bytes: node grpc-backend.ts PORT.
import { createServer, type ServerHttp2Stream } from 'node:http2';

const message = Buffer.alloc(5 + 64, 'x');
message.writeUInt8(0);
message.writeUInt32BE(64, 1);

createServer()
  .on('stream', (stream: ServerHttp2Stream) => {
    stream.resume();
    stream.on('error', () => undefined);
    stream.on('wantTrailers', () => stream.destroyed || stream.sendTrailers({ 'grpc-status': '0' }));
    stream.on('end', () => {
      // The load generator breaks off what is under way when its time is over.
      if (stream.destroyed) return;
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.end(message);
    });
  })
  .listen(Number(process.argv[2]), '127.0.0.1');
