const payload = Buffer.alloc(100, 'x');

/** The one message of the bench as a client sends it: masked with zeros, which leave the payload as it is. */
export const clientFrame = Buffer.concat([Buffer.from([0x82, 0x80 | payload.length, 0, 0, 0, 0]), payload]);

/** The same from a server. */
export const serverFrame = Buffer.concat([Buffer.from([0x82, payload.length]), payload]);
