// No orphans: a tiny shell outlives this process by moments and ends every server that was left running.
import { type ChildProcess, spawn } from 'node:child_process';

// Reads "add PID" and "del PID" until its input closes, which happens however this process ends, SIGKILL included;
// then asks what is left to stop, and after 5 seconds makes it. Each PID leads a process group of its own.
const script = `
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

let guard: ChildProcess | undefined;
const guarded = new Set<number>();

/** From now on the process group of `pid` is ended when this process ends. */
export function guardProcess(pid: number): void {
  guard ??= startGuard();
  guarded.add(pid);
  guard.stdin!.write(`add ${pid}\n`);
}

/** The process ended: the guard forgets it (its number may be given to another process). */
export function unguardProcess(pid: number): void {
  if (!guarded.delete(pid)) return;
  guard?.stdin?.write(`del ${pid}\n`);
  if (guarded.size > 0) return;
  guard?.stdin?.end();
  guard = undefined;
}

function startGuard(): ChildProcess {
  // A session of its own: Ctrl-C in the terminal must not end the guard before the run.
  const child = spawn('/bin/sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  child.unref();
  const stdin = child.stdin as unknown as { unref(): void; on(event: string, listener: () => void): void };
  stdin.unref();
  stdin.on('error', () => {}); // somebody ended the guard; the servers are still ours to stop
  return child;
}
