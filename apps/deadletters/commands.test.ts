// The dead-letter commands on letters in memory: what they print, and their exit status.
import { describe, expect, test } from '@jest/globals';
import type { DeadLetter, DeadLetters } from '../shared/queue/queue.ts';
import { runCommand, UsageError } from './commands.ts';

function letters(count: number, options: { stuck?: boolean } = {}) {
  const held = new Map<string, DeadLetter>();
  for (let i = 1; i <= count; i++)
    held.set(`${i}-0`, {
      id: `${i}-0`,
      reason: `reason ${i}`,
      failedAt: '2026-01-01T00:00:00.000Z',
      record: { _id: `${i}`.padStart(24, '0'), type: 'post', index: 0, payload: 'x', createdAt: '', origin: `o/${i}` },
    });
  const replayed: string[] = [];
  const box: DeadLetters = {
    list: async (limit) => [...held.values()].slice(0, limit),
    show: async (id) => held.get(id),
    drop: async (id) => held.delete(id),
    replay: async (id) => {
      if (options.stuck || !held.delete(id)) return false;
      replayed.push(id);
      return true;
    },
  };
  return { box, held, replayed };
}

async function run(argv: string, box: DeadLetters) {
  const lines: string[] = [];
  const status = await runCommand(argv.split(' ').filter(Boolean), box, (line) => lines.push(line));
  return { status, text: lines.join('\n') };
}

describe('deadletters', () => {
  test('list: one line each with id, time, record, origin and reason; the oldest first, up to the limit', async () => {
    const { status, text } = await run('list --limit 2', letters(3).box);
    expect(status).toBe(0);
    expect(text.split('\n')).toHaveLength(2);
    expect(text).toMatch(/^1-0 {2}2026.* {2}0+1 {2}o\/1 {2}reason 1$/m);
  });

  test('list: says so if there are none', async () => {
    expect(await run('list', letters(0).box)).toEqual({ status: 0, text: 'no dead letters' });
  });

  test('show: the complete letter, or status 1', async () => {
    expect((await run('show 1-0', letters(1).box)).text).toContain('"reason": "reason 1"');
    expect(await run('show 9-0', letters(1).box)).toEqual({ status: 1, text: 'no dead letter 9-0' });
  });

  test('replay and drop: by id, and status 1 if one does not exist', async () => {
    const { box, held, replayed } = letters(2);
    expect((await run('replay 1-0 7-0', box)).status).toBe(1);
    expect(replayed).toEqual(['1-0']);
    expect((await run('drop 2-0', box)).status).toBe(0);
    expect(held.size).toBe(0);
  });

  test('--all handles more than a page, and ends when letters cannot be handled', async () => {
    const many = letters(1_201);
    expect((await run('replay --all', many.box)).text).toBe('1201 back in the queue');
    expect((await run('replay --all', letters(600, { stuck: true }).box)).text).toBe('0 back in the queue');
  });

  test.each([
    ['drop', 'drop takes either IDs or --all'],
    ['drop 1-0 --all', 'drop takes either IDs or --all'],
    ['show', 'show takes one ID'],
    ['list --limit 0', '--limit must be a whole number from 1, not 0'],
    ['bogus', 'unknown command bogus; choose from list, show, replay, drop'],
    ['list --wat', "Unknown option '--wat'"],
  ])('%s: a usage error', async (argv, message) => {
    const { box } = letters(1);
    await expect(run(argv, box)).rejects.toThrow(UsageError);
    await expect(run(argv, box)).rejects.toThrow(message);
  });
});
