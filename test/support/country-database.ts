/** Makes a MaxMind database (https://maxmind.github.io/MaxMind-DB/) that has the countries of these IPv4 networks. */
export function countryDatabase(countries: Readonly<Record<string, string>>): Buffer {
  const data: Buffer[] = [];
  let dataLength = 0;
  const root: Node = [null, null];
  for (const [network, code] of Object.entries(countries)) {
    put(root, bitsOf(network), dataLength);
    const record = map({ country: map({ iso_code: text(code) }) });
    data.push(record);
    dataLength += record.length;
  }
  const nodes = numbered(root);
  const recordOf = (child: Node | number | null): number => {
    if (child === null) return nodes.size;
    return typeof child === 'number' ? nodes.size + 16 + child : (nodes.get(child) ?? 0);
  };
  const tree = Buffer.alloc(nodes.size * 6);
  for (const [node, number] of nodes) {
    tree.writeUIntBE(recordOf(node[0]), number * 6, 3);
    tree.writeUIntBE(recordOf(node[1]), number * 6 + 3, 3);
  }
  const metadata = map({
    node_count: unsigned(6, nodes.size),
    record_size: unsigned(5, 24),
    ip_version: unsigned(5, 6),
    database_type: text('Test-Country'),
    languages: Buffer.from([0, 4]),
    binary_format_major_version: unsigned(5, 2),
    binary_format_minor_version: unsigned(5, 0),
    build_epoch: Buffer.concat([Buffer.from([0x04, 2]), Buffer.from([0, 0, 0, 1])]),
    description: map({ en: text('For tests') }),
  });
  return Buffer.concat([
    tree,
    Buffer.alloc(16),
    ...data,
    Buffer.from('abcdef', 'hex'),
    Buffer.from('MaxMind.com'),
    metadata,
  ]);
}

/** Its two children: another node, the place of a record, or nothing. */
type Node = [Node | number | null, Node | number | null];

/** IPv4 lies in `::/96`. */
function bitsOf(network: string): readonly (0 | 1)[] {
  const [address = '', length = '32'] = network.split('/');
  const bytes = address.split('.').map(Number);
  const bits = bytes.flatMap((byte) =>
    [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => (((byte >> bit) & 1) === 0 ? 0 : 1)),
  );
  return [...Array.from({ length: 96 }, () => 0 as const), ...bits.slice(0, Number(length))];
}

function put(root: Node, bits: readonly (0 | 1)[], record: number): void {
  let node = root;
  for (const [i, bit] of bits.entries()) {
    if (i === bits.length - 1) {
      node[bit] = record;
      return;
    }
    const child = node[bit];
    const next: Node = Array.isArray(child) ? child : [null, null];
    node[bit] = next;
    node = next;
  }
}

function numbered(root: Node): Map<Node, number> {
  const nodes = new Map<Node, number>();
  const visit = (node: Node): void => {
    nodes.set(node, nodes.size);
    for (const child of node) if (Array.isArray(child)) visit(child);
  };
  visit(root);
  return nodes;
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([(2 << 5) | value.length]), Buffer.from(value)]);
}

function unsigned(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  const needed = type === 5 ? bytes.subarray(2) : bytes;
  return Buffer.concat([Buffer.from([(type << 5) | needed.length]), needed]);
}

function map(entries: Readonly<Record<string, Buffer>>): Buffer {
  const pairs = Object.entries(entries).flatMap(([key, value]) => [text(key), value]);
  return Buffer.concat([Buffer.from([(7 << 5) | Object.keys(entries).length]), ...pairs]);
}
