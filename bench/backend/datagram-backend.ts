// What a bench of datagrams has its answers from: node datagram-backend.ts PORT. Sends every datagram back.
import { createSocket } from 'node:dgram';

const socket = createSocket('udp4');
socket.on('message', (data: Buffer, { address, port }) => socket.send(data, port, address));
socket.bind(Number(process.argv[2]), '127.0.0.1');
