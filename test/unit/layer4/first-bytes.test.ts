import { Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { FirstBytes } from '../../../core/layer4/first-bytes.ts';
import { Deadlines } from '../../../core/shared/deadlines.ts';
import { SocketInput } from '../../../core/shared/socket-input.ts';

function firstBytes(): FirstBytes {
  const deadlines = new Deadlines();
  onTestFinished(() => deadlines.close());
  return new FirstBytes(new Socket(), new SocketInput(), deadlines);
}

test('what came is joined, and given away once', () => {
  const first = firstBytes();
  for (let byte = 0; byte < 1000; byte++) first.add(Buffer.from([byte % 256]));
  expect(first.bytes()).toEqual(Buffer.from(Array.from({ length: 1000 }, (_, byte) => byte % 256)));
  expect(first.take()?.length).toBe(1000);
  expect(first.length).toBe(0);
  expect(first.take()).toBeNull();
});

test('a client that sends single bytes does not take a hundred times their memory', () => {
  setFlagsFromString('--expose-gc');
  const collect = z.custom<() => void>((value) => typeof value === 'function').parse(runInNewContext('gc'));
  setFlagsFromString('--no-expose-gc');
  const held = (): number => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const before = held();
  const all = Array.from({ length: 20 }, () => firstBytes());
  const byte = Buffer.from('x');
  for (const first of all) for (let count = 0; count < 16_384; count++) first.add(byte);
  const bytes = held() - before;
  expect(all.every(({ length }) => length === 16_384)).toBe(true);
  expect(bytes / all.length).toBeLessThan(128 * 1024);
});
