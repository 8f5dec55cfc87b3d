import { defineRules, deny, forward, inspect } from 'tidegate/rules';

/** The longest thing to tell apart is the name of a method, as `OPTIONS `. */
const enough = 8;

export default defineRules({
  connect(conn) {
    if (conn.bytes === null) return inspect(enough);
    const [type, major] = conn.bytes;
    // A TLS record with a handshake message: the ClientHello.
    if (type === 0x16 && major === 3) return forward('https');
    const text = new TextDecoder().decode(conn.bytes.subarray(0, enough));
    // OpenSSH says who it is at once; some other clients wait until the server has spoken.
    if (text === '' || text.startsWith('SSH-')) return forward('ssh');
    if (/^[A-Z]{3,7} /.test(text)) return forward('http');
    return deny();
  },
});
