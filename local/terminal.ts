// The terminal of a run: lines that stay, and below them one that is overwritten (where nobody watches, now and then a line).

export interface Terminal {
  /** A line that stays. */
  print(line: string): void;
  /** Replaces the line at the bottom; where the output is no terminal, prints it at most every 10 seconds. */
  status(line: string): void;
  /** Removes the line at the bottom. */
  clear(): void;
}

const quietIntervalMs = 10_000;

export function createTerminal(out: NodeJS.WriteStream): Terminal {
  let shown = '';
  let lastQuiet = Number.NEGATIVE_INFINITY;
  out.on('error', () => {}); // whoever read us is gone; the run isn't
  const erase = () => shown && out.write('\r\x1b[K');
  const draw = () => shown && out.write(shown.slice(0, (out.columns ?? 80) - 1));
  return {
    print(line) {
      erase();
      out.write(`${line}\n`);
      draw();
    },
    status(line) {
      if (out.isTTY) {
        erase();
        shown = line;
        draw();
      } else if (performance.now() - lastQuiet > quietIntervalMs) {
        lastQuiet = performance.now();
        out.write(`${line}\n`);
      }
    },
    clear() {
      erase();
      shown = '';
    },
  };
}
