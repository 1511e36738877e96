// No orphans: a small shell outlives this process by moments and ends every child that was left
// running.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';

// Reads "add PID" and "del PID" until its input closes, which happens however this process ends,
// SIGKILL included; then asks what is left to stop, and kills it after 5 seconds. Each PID leads a
// process group of its own.
const SCRIPT = `
trap '' INT TERM HUP
left=
while read -r what pid; do
  case $what in
    add) left="$left $pid" ;;
    del) kept=; for one in $left; do [ "$one" = "$pid" ] || kept="$kept $one"; done; left=$kept ;;
  esac
done
[ -n "$left" ] || exit 0
for pid in $left; do kill -TERM "-$pid" 2>/dev/null; done
tries=50
while [ $tries -gt 0 ]; do
  alive=
  for pid in $left; do kill -0 "-$pid" 2>/dev/null && alive=1; done
  [ -n "$alive" ] || exit 0
  sleep 0.1
  tries=$((tries - 1))
done
for pid in $left; do kill -KILL "-$pid" 2>/dev/null; done
`;

class ProcessGuard {
  readonly #groups = new Set<number>();
  #shell: ChildProcess | undefined;

  /** From now on the process group of `pid` is ended when this process ends. */
  add(pid: number): void {
    this.#shell ??= this.#start();
    this.#groups.add(pid);
    this.#shell.stdin!.write(`add ${pid}\n`);
  }

  /** The process ended, and its number may be given to another one. */
  remove(pid: number): void {
    if (!this.#groups.delete(pid)) return;
    this.#shell?.stdin?.write(`del ${pid}\n`);
    if (this.#groups.size > 0) return;
    this.#shell?.stdin?.end();
    this.#shell = undefined;
  }

  #start(): ChildProcess {
    // A session of its own: Ctrl-C in the terminal must not end the guard before the run.
    const shell = spawn('/bin/sh', ['-c', SCRIPT], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    shell.unref();
    const stdin = shell.stdin as unknown as { unref(): void; on(event: string, listener: () => void): void };
    stdin.unref();
    stdin.on('error', () => {}); // the guard was killed; the children are still ours to stop
    return shell;
  }
}

const guard = new ProcessGuard();

/**
 * Starts a program that cannot outlive this process. It leads a process group of its own, so that a
 * Ctrl-C in the terminal does not reach it, and so that it can be ended together with what it
 * starts.
 */
export function spawnGroup(program: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  const child = spawn(program, args, { ...options, detached: true });
  const { pid } = child;
  if (pid !== undefined) {
    guard.add(pid);
    child.once('close', () => guard.remove(pid));
  }
  return child;
}

/** Sends a signal to a program that `spawnGroup` started, and to what that started. */
export function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // All of it has ended.
  }
}
