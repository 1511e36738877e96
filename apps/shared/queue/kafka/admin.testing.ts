// Kafka's admin client for the tests of a file.
import { afterAll, beforeAll } from '@jest/globals';
import { Admin } from '@platformatic/kafka';
import type { ServerFixture } from '../../../../test/servers.ts';
import { until } from '../../../../test/until.ts';

/** Only from within tests and hooks. The broker is ready for consumer groups by then. */
export function useAdmin(kafka: ServerFixture): () => Admin {
  let admin: Admin | undefined;
  beforeAll(async () => {
    const created = new Admin({ clientId: 'test', bootstrapBrokers: kafka.url.split(','), retries: 5 });
    admin = created;
    // The first question about a group makes the broker create the topic that it keeps groups in,
    // which takes a while.
    const knowsGroups = () => created.listConsumerGroupOffsets({ groups: [{ groupId: 'any', topics: [] }] });
    await until(() => knowsGroups().then(Boolean, () => false), 60_000);
  }, 90_000);
  afterAll(() => admin?.close());
  return () => admin!;
}
