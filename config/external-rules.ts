// The rules for servers outside the cluster: credentials that nothing reads, or that say only half.
import type { ConfigProblem } from './errors.ts';
import type { StackConfig } from './schema.ts';

/** Credentials are for external servers only: for its own, a stack makes them. */
function unread(server: 'kafka' | 'redis' | 'mongo', config: StackConfig): readonly ConfigProblem[] {
  const { external, username, password } = { username: undefined, ...config[server] };
  if (external !== undefined) return [];
  return Object.entries({ username, password })
    .filter(([, value]) => value !== undefined)
    .map(([key]) => ({
      key: `${server}:${key}`,
      message: `is read only with ${server}:external, since a stack makes the credentials of its own servers; remove it, or set ${server}:external`,
    }));
}

/** A user and a password go together. */
function halves(server: 'kafka' | 'mongo', config: StackConfig): readonly ConfigProblem[] {
  const { external, username, password } = config[server];
  if (external === undefined || (username === undefined) === (password === undefined)) return [];
  const [missing, there] = username === undefined ? ['username', 'password'] : ['password', 'username'];
  return [{ key: `${server}:${missing}`, message: `is missing: ${server}:${there} is set, and one needs the other` }];
}

/** Everything about external servers that cannot work. */
export const externalServers = (config: StackConfig): readonly ConfigProblem[] => [
  ...(['kafka', 'redis', 'mongo'] as const).flatMap((server) => unread(server, config)),
  ...(['kafka', 'mongo'] as const).flatMap((server) => halves(server, config)),
];
