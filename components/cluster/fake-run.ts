// A stand-in for docker, k3d and kubectl in tests: it notes what was run and answers as a test says.
import type { Run, RunOptions } from './run.ts';

/** What a command prints; an Error is thrown. */
export type Answer = string | Error | ((args: readonly string[]) => string | Error);

/** One command that was run. */
export interface Call {
  /** Command and arguments, as one would type them. */
  readonly line: string;
  readonly options: RunOptions;
}

/**
 * @param answers by the start of the command line; the longest that fits answers, and nothing is printed where none does
 */
export function fakeRun(answers: Readonly<Record<string, Answer>>): { readonly run: Run; readonly calls: Call[] } {
  const calls: Call[] = [];
  const starts = Object.keys(answers).sort((a, b) => b.length - a.length);
  const run: Run = async (command, args, options = {}) => {
    const line = [command, ...args].join(' ');
    calls.push({ line, options });
    const start = starts.find((text) => line.startsWith(text));
    const answer = start === undefined ? '' : answers[start]!;
    const said = typeof answer === 'function' ? answer(args) : answer;
    if (said instanceof Error) throw said;
    return said;
  };
  return { run, calls };
}

/** The lines of the calls that start with a text. */
export const linesOf = (calls: readonly Call[], start = ''): readonly string[] =>
  calls.map(({ line }) => line).filter((line) => line.startsWith(start));

/** A container as `docker inspect` prints it. */
export interface FakeContainer {
  readonly name: string;
  readonly role?: string;
  readonly running?: boolean;
  readonly ports?: Readonly<Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[]>>;
  readonly volumes?: readonly string[];
}

/** What `docker inspect` prints for containers. */
export const inspected = (containers: readonly FakeContainer[]): string =>
  JSON.stringify(
    containers.map(({ name, role = 'agent', running = true, ports = {}, volumes = [] }) => ({
      Id: `${name}-id`.padEnd(64, '0'),
      Name: `/${name}`,
      State: { Running: running },
      Config: { Image: 'image:1', Labels: { 'k3d.role': role, 'k3d.cluster': 'c' }, Env: ['A=b'] },
      HostConfig: { PortBindings: ports, Binds: ['c-images:/k3d/images'] },
      Mounts: [{ Type: 'bind' }, ...volumes.map((Name) => ({ Type: 'volume', Name }))],
    })),
  );

/** Answers of docker for a cluster of these containers. */
export const dockerOf = (containers: readonly FakeContainer[]): Readonly<Record<string, Answer>> => ({
  'docker ps --all --quiet --filter label=k3d.cluster=': containers.map(({ name }) => `${name}-id`).join('\n'),
  'docker inspect': inspected(containers),
});
