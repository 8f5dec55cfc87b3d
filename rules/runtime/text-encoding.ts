import { decodeUtf8, encodeUtf8 } from './utf8.ts';

/** The web's TextEncoder. */
export class TextEncoder {
  get encoding(): 'utf-8' {
    return 'utf-8';
  }

  encode(text = ''): Uint8Array {
    return encodeUtf8(String(text));
  }
}

/** The web's TextDecoder for UTF-8, without streaming. */
export class TextDecoder {
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;

  constructor(label = 'utf-8', options: { readonly fatal?: boolean; readonly ignoreBOM?: boolean } = {}) {
    if (!/^\s*(?:utf-?8|unicode-1-1-utf-8)\s*$/i.test(label)) {
      throw new RangeError(`the encoding "${label}" is not supported: only utf-8 is`);
    }
    this.fatal = options.fatal ?? false;
    this.ignoreBOM = options.ignoreBOM ?? false;
  }

  get encoding(): 'utf-8' {
    return 'utf-8';
  }

  decode(input: ArrayBuffer | ArrayBufferView = new Uint8Array()): string {
    const bytes = ArrayBuffer.isView(input)
      ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
      : new Uint8Array(input);
    const text = decodeUtf8(bytes, this.fatal);
    return !this.ignoreBOM && text.startsWith('\ufeff') ? text.slice(1) : text;
  }
}
