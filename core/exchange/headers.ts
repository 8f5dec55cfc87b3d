/**
 * What the proxy itself has to know of a header field. Everything else is `EndToEnd` and passes
 * with its case, order and duplicates kept.
 */
export const HeaderKind = {
  EndToEnd: 0,
  Host: 1,
  ContentLength: 2,
  TransferEncoding: 3,
  Connection: 4,
  /** Keep-Alive, Proxy-Connection, Proxy-Authenticate, Proxy-Authorization, HTTP2-Settings: never forwarded (RFC 9110 7.6.1, 11.7). */
  HopByHop: 5,
  Upgrade: 6,
  Te: 7,
  Expect: 8,
  /** X-Forwarded-For, -Proto, -Host, -Port. */
  XForwarded: 9,
  Forwarded: 10,
  Via: 11,
  RequestId: 12,
  Date: 13,
  /** X-Client-Cert-Subject, -Fingerprint. */
  ClientCertificate: 14,
} as const;
export type HeaderKind = (typeof HeaderKind)[keyof typeof HeaderKind];

/** `lower`: a field name in lower case. */
export function headerKind(lower: string): HeaderKind {
  if (!lower.includes('_')) return kindOf(lower);
  // CGI and its heirs take X_Forwarded_For for X-Forwarded-For: a field that a backend could take for one of ours is never passed on.
  return kindOf(lower.replaceAll('_', '-')) === HeaderKind.EndToEnd
    ? HeaderKind.EndToEnd
    : HeaderKind.HopByHop;
}

/** The length is looked at first since most names end the search there. */
function kindOf(lower: string): HeaderKind {
  switch (lower.length) {
    case 2:
      return lower === 'te' ? HeaderKind.Te : HeaderKind.EndToEnd;
    case 3:
      return lower === 'via' ? HeaderKind.Via : HeaderKind.EndToEnd;
    case 4:
      return lower === 'host' ? HeaderKind.Host : lower === 'date' ? HeaderKind.Date : HeaderKind.EndToEnd;
    case 6:
      return lower === 'expect' ? HeaderKind.Expect : HeaderKind.EndToEnd;
    case 7:
      return lower === 'upgrade' ? HeaderKind.Upgrade : HeaderKind.EndToEnd;
    case 9:
      return lower === 'forwarded' ? HeaderKind.Forwarded : HeaderKind.EndToEnd;
    case 10:
      if (lower === 'connection') return HeaderKind.Connection;
      return lower === 'keep-alive' ? HeaderKind.HopByHop : HeaderKind.EndToEnd;
    case 12:
      return lower === 'x-request-id' ? HeaderKind.RequestId : HeaderKind.EndToEnd;
    case 14:
      return lower === 'content-length' ? HeaderKind.ContentLength : HeaderKind.EndToEnd;
    case 15:
      return lower === 'x-forwarded-for' ? HeaderKind.XForwarded : HeaderKind.EndToEnd;
    case 16:
      if (lower === 'x-forwarded-host' || lower === 'x-forwarded-port') return HeaderKind.XForwarded;
      return lower === 'proxy-connection' ? HeaderKind.HopByHop : HeaderKind.EndToEnd;
    case 17:
      if (lower === 'transfer-encoding') return HeaderKind.TransferEncoding;
      return lower === 'x-forwarded-proto' ? HeaderKind.XForwarded : HeaderKind.EndToEnd;
    case 13:
      return lower === 'http2-settings' ? HeaderKind.HopByHop : HeaderKind.EndToEnd;
    case 18:
      return lower === 'proxy-authenticate' ? HeaderKind.HopByHop : HeaderKind.EndToEnd;
    case 19:
      return lower === 'proxy-authorization' ? HeaderKind.HopByHop : HeaderKind.EndToEnd;
    case 21:
      return lower === 'x-client-cert-subject' ? HeaderKind.ClientCertificate : HeaderKind.EndToEnd;
    case 25:
      return lower === 'x-client-cert-fingerprint' ? HeaderKind.ClientCertificate : HeaderKind.EndToEnd;
    default:
      return HeaderKind.EndToEnd;
  }
}

/** A header or trailer section: fields in the order received, names in the case received. */
export class HeaderList {
  readonly names: string[] = [];
  readonly lowerNames: string[] = [];
  readonly values: string[] = [];
  readonly kinds: HeaderKind[] = [];

  get length(): number {
    return this.names.length;
  }

  append(name: string, value: string): void {
    const lower = name.toLowerCase();
    this.names.push(name);
    this.lowerNames.push(lower);
    this.values.push(value);
    this.kinds.push(headerKind(lower));
  }

  /** One of its own, with the same fields. */
  copy(): HeaderList {
    const list = new HeaderList();
    list.names.push(...this.names);
    list.lowerNames.push(...this.lowerNames);
    list.values.push(...this.values);
    list.kinds.push(...this.kinds);
    return list;
  }

  has(lowerName: string): boolean {
    return this.lowerNames.includes(lowerName);
  }

  /** All values of a field joined by `, ` as RFC 9110 5.3 has it, or null. */
  get(lowerName: string): string | null {
    let found: string | null = null;
    for (let i = 0; i < this.lowerNames.length; i++) {
      if (this.lowerNames[i] !== lowerName) continue;
      const value = this.values[i] ?? '';
      found = found === null ? value : `${found}, ${value}`;
    }
    return found;
  }

  delete(lowerName: string): void {
    this.#deleteFrom(0, lowerName);
  }

  /** Replaces the first field of that name in its place and deletes the others; appends where there is none. */
  set(name: string, value: string): void {
    const lower = name.toLowerCase();
    const first = this.lowerNames.indexOf(lower);
    if (first === -1) {
      this.append(name, value);
      return;
    }
    this.names[first] = name;
    this.values[first] = value;
    this.#deleteFrom(first + 1, lower);
  }

  #deleteFrom(start: number, lowerName: string): void {
    for (let i = this.lowerNames.length - 1; i >= start; i--) {
      if (this.lowerNames[i] !== lowerName) continue;
      this.names.splice(i, 1);
      this.lowerNames.splice(i, 1);
      this.values.splice(i, 1);
      this.kinds.splice(i, 1);
    }
  }

  /** `name: value` lines joined by CRLF, the shape in which a head crosses into the rule sandbox. */
  toText(): string {
    let text = '';
    for (let i = 0; i < this.names.length; i++) {
      text += `${i === 0 ? '' : '\r\n'}${this.names[i]}: ${this.values[i]}`;
    }
    return text;
  }
}
