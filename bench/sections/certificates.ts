import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Bench, Section } from '../bench.ts';
import { makeCertificate, missingForCertificate } from '../certificate.ts';
import { runHandshakes } from '../load/handshakes.ts';
import type { Certificate } from '../peers/peer.ts';
import { median } from '../process/median.ts';
import { cpuMicroseconds } from '../process/process-tree.ts';
import { startTidegate } from './start-tidegate.ts';

const cases = [
  { certificates: 10, names: 1 },
  { certificates: 10_000, names: 1 },
  { certificates: 10_000, names: 500 },
] as const;

/** Whether a handshake costs more where there are many certificates. */
export async function measureCertificates(bench: Bench): Promise<Section> {
  const missing = missingForCertificate();
  if (missing !== null) throw new Error(`certificates are measured with ${missing}`);
  const certificate = await makeCertificate(bench.folder);
  const running = [];
  for (const size of [10, 10_000]) {
    const tls = {
      certificates: await copies(path.join(bench.folder, `certificates-${size}`), certificate, size),
    };
    const name = `with-certificates-${size}`;
    const tidegate = await startTidegate(bench, name, { protocol: 'https', tls }, { scheme: 'https' });
    running.push({ size, tidegate });
  }
  const measured = cases.map((one) => ({ ...one, cpu: [] as number[] }));
  for (let round = 0; round <= bench.options.rounds; round++) {
    for (const { certificates, names, cpu } of measured) {
      const tidegate = running.find(({ size }) => size === certificates)?.tidegate;
      if (tidegate === undefined) throw new Error(`no Tidegate with ${certificates} certificates`);
      const before = cpuMicroseconds(tidegate.child.pid);
      const load = await runHandshakes(bench.children, bench.cores.load, {
        port: tidegate.port,
        seconds: bench.options.seconds,
        connections: 16,
        resumed: false,
        serverName: 'site-{n}.test',
        spread: names,
      });
      if (load.socketErrors > 0) throw new Error(`${load.socketErrors} handshakes failed`);
      if (round === 0) continue; // the first one warms up
      cpu.push((cpuMicroseconds(tidegate.child.pid) - before) / load.requests);
      bench.progress(`round ${round}: ${names} of ${certificates}: ${cpu.at(-1)?.toFixed(0)} µs`);
    }
  }
  for (const { tidegate } of running) await tidegate.child.stop();
  const [few, many] = measured.map(({ cpu }) => median(cpu));
  return {
    title: 'Many certificates',
    method:
      'A listener with 10 and one with 10,000 ECDSA certificates, measured in turns: full handshakes of TLS 1.3, 16 at a time, for one of their names, and for 500 of them at random.',
    table: {
      head: ['certificates', 'names asked for', 'CPU µs a handshake'],
      rows: measured.map(({ certificates, names, cpu }) => [
        String(certificates),
        String(names),
        median(cpu).toFixed(0),
      ]),
    },
    bars: [
      {
        what: 'CPU a handshake with 10,000 certificates, of 10',
        measured: (many ?? Number.NaN) / (few ?? Number.NaN),
        most: 1.1,
        unit: '×',
      },
    ],
    notes: [],
  };
}

/** As many certificates as far as Tidegate can tell, for `site-0.test`, `site-1.test` …: what stands behind one in its file makes it another. */
async function copies(folder: string, { cert, key }: Certificate, count: number): Promise<unknown[]> {
  await mkdir(folder, { recursive: true });
  const text = await readFile(cert, 'utf8');
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const file = path.join(folder, `${index}.pem`);
      await writeFile(file, `${text}# ${index}\n`);
      return { cert: file, key, names: [`site-${index}.test`] };
    }),
  );
}
