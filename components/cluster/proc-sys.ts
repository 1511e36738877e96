// Reads and sets kernel settings from within a container, through /proc/sys.
import type { Run } from '../../tooling/run.ts';
import type { Sysctls } from './sysctls.ts';

/** Arguments of docker up to the shell: which container, or which new one, sees the settings. */
export type Target = readonly string[];

/** A container that runs, such as a node. */
export const within = (container: string): Target => ['exec', container, 'sh'];

/** A new container that sees the settings of the whole machine. */
export const onHost = (image: string): Target => [
  'run',
  '--rm',
  '--privileged',
  '--network=host',
  '--entrypoint=sh',
  image,
];

const fileOf = (name: string): string => `/proc/sys/${name.replaceAll('.', '/')}`;

const plain = (value: string): string => value.trim().replace(/\s+/g, ' ');

/** The settings with their values as the kernel prints them: parts are separated by one space. */
export const normal = (sysctls: Sysctls): Sysctls =>
  Object.fromEntries(Object.entries(sysctls).map(([name, value]) => [name, plain(value)]));

/** Whether two sets of settings are the same. */
export const sameSysctls = (a: Sysctls, b: Sysctls): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([name, value]) => b[name] === value);

/** Reads settings. One that this kernel or container does not have is left out. */
export async function readSysctls(run: Run, target: Target, names: readonly string[]): Promise<Sysctls> {
  if (names.length === 0) return {};
  const script = 'for file; do if [ -e "$file" ]; then cat "$file"; else echo; fi; done';
  const printed = await run('docker', [...target, '-c', script, 'sh', ...names.map(fileOf)]);
  const values = printed.split('\n');
  return Object.fromEntries(
    names.flatMap((name, index) => {
      const value = plain(values[index] ?? '');
      return value === '' ? [] : [[name, value]];
    }),
  );
}

/** What the kernel did not accept. */
interface Unset {
  /** Settings that it does not have. */
  readonly missing: readonly string[];
  /** Settings whose value it refused. */
  readonly refused: readonly string[];
}

/** Sets everything that can be set. @returns what could not */
export async function setSysctls(run: Run, target: Target, sysctls: Sysctls): Promise<Unset> {
  const names = Object.keys(sysctls);
  if (names.length === 0) return { missing: [], refused: [] };
  const script =
    'while [ $# -gt 0 ]; do if [ ! -e "$2" ]; then echo "missing $1"; elif ! echo "$3" 2>/dev/null > "$2"; then echo "refused $1"; fi; shift 3; done';
  const pairs = names.flatMap((name) => [name, fileOf(name), sysctls[name]!]);
  const printed = await run('docker', [...target, '-c', script, 'sh', ...pairs]);
  const named = (word: string) =>
    printed.split('\n').flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
  return { missing: named('missing'), refused: named('refused') };
}

/** What was not set, as a sentence; empty when everything was. */
export function complaint(where: string, { missing, refused }: Unset): string {
  const parts = [
    ...(missing.length > 0 ? [`${where} has no ${missing.join(', ')}`] : []),
    ...(refused.length > 0 ? [`${where} refuses the value of ${refused.join(', ')}`] : []),
  ];
  return parts.join('; ');
}
