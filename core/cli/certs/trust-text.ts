interface Root {
  readonly subject: string;
  readonly fingerprint256: string;
  readonly notAfter: string;
  /** Where it is kept, key and all. */
  readonly place: string;
}

/** How each system and browser takes an authority. */
export function trustText({ subject, fingerprint256, notAfter, place }: Root): string {
  return `${subject}
  SHA-256      ${fingerprint256}
  valid until  ${notAfter}
  kept in      ${place} (with its key: who has that file can pose as any site to those who trust it)

1. Write its certificate, which is no secret:

  tidegate certs trust --out tidegate-root.crt

2. Install that on each machine whose clients are to trust it. Most of this wants an administrator; nothing was done yet.

  Debian, Ubuntu    sudo cp tidegate-root.crt /usr/local/share/ca-certificates/ && sudo update-ca-certificates
  Fedora, RHEL      sudo cp tidegate-root.crt /etc/pki/ca-trust/source/anchors/ && sudo update-ca-trust
  Arch              sudo trust anchor --store tidegate-root.crt
  macOS             sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain tidegate-root.crt
  Windows           certutil -addstore -f Root tidegate-root.crt   (as an administrator)

  Safari and Edge, and Chrome on macOS and Windows, go by the system. The others have stores of their own:

  Firefox           Settings, Privacy & Security, View Certificates, Authorities, Import
                    (or security.enterprise_roots.enabled = true in about:config on macOS and Windows)
  Chrome on Linux   certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n tidegate -i tidegate-root.crt   (package libnss3-tools)
  Node.js           NODE_EXTRA_CA_CERTS=tidegate-root.crt
  Python requests   REQUESTS_CA_BUNDLE=tidegate-root.crt
  curl              curl --cacert tidegate-root.crt

To end the trust, take it out where you put it in. It is for development: keep it off machines of other people.
`;
}
