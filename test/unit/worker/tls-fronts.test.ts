import { expect, test } from 'vitest';
import type { WorkerMessage } from '../../../core/ipc/messages.ts';
import type { Certificate } from '../../../core/shared/certificate.ts';
import { WorkerChallenges } from '../../../core/worker/challenges.ts';
import { TlsFronts } from '../../../core/worker/tls-fronts.ts';
import { recordingLog } from '../../support/recording-log.ts';

const certificate: Certificate = { id: 'x', pairs: [] };

function fronts(): { readonly fronts: TlsFronts; readonly sent: WorkerMessage[] } {
  const sent: WorkerMessage[] = [];
  const subject = new TlsFronts((message) => sent.push(message), new WorkerChallenges(), recordingLog().log);
  return { fronts: subject, sent };
}

test('the primary is asked, and what it leaves out has its usual meaning', async () => {
  const { fronts: subject, sent } = fronts();
  const plain = subject.find('set', 'one.test', false);
  const allowed = subject.find('set', 'one.test', true);
  expect(sent).toEqual([
    { type: 'certificate-wanted', id: 1, set: 'set', serverName: 'one.test' },
    { type: 'certificate-wanted', id: 2, set: 'set', serverName: 'one.test', allowed: true },
  ]);
  subject.onMessage({ type: 'certificate', id: 2, found: null, keepMs: 5, askRule: true });
  subject.onMessage({ type: 'certificate', id: 1, found: certificate });
  expect(await plain).toEqual({ certificate, asksRule: false, keepMs: null });
  expect(await allowed).toEqual({ certificate: null, asksRule: true, keepMs: 5 });
});

test('questions that stay without an answer are bounded: the oldest is given up, and nothing is kept of it', async () => {
  const { fronts: subject } = fronts();
  const questions = Array.from({ length: 10_001 }, (_, index) => subject.find('set', `${index}.test`, false));
  expect(await questions[0]).toEqual({ certificate: null, asksRule: false, keepMs: 0 });
  // Its answer comes too late; the others still get theirs.
  subject.onMessage({ type: 'certificate', id: 1, found: certificate });
  subject.onMessage({ type: 'certificate', id: 2, found: certificate });
  expect(await questions[1]).toMatchObject({ certificate });
});
