// Finds the cause in what a command-line tool printed. Tools print the cause first and its
// consequences after it: k3d, for example, ends with "all changes have been rolled back".

/** What a line of a tool's output is. */
interface Line {
  /** Undefined where the line has no mark: it is an error or not, as far as the format tells. */
  readonly isError: boolean | undefined;
  /** The line without colours, time and level. */
  readonly text: string;
}

/**
 * How tools mark their lines. The groups are `level` and `text`; a match without `text` keeps the
 * line as it is.
 */
const MARKS: readonly RegExp[] = [
  // k3d and docker on a terminal: `FATA[0002] Failed to create cluster`
  /^(?<level>TRAC|DEBU|INFO|WARN|ERRO|FATA|PANI)\[[^\]]*\]\s*(?<text>.*)$/,
  // The same elsewhere: `time="2026-11-24T17:00:00Z" level=fatal msg="Failed to create cluster"`
  /^time="[^"]*" level=(?<level>\w+) msg="(?<text>(?:[^"\\]|\\.)*)"/,
  // Kubernetes' client: `E1124 17:00:00.000000   12345 memcache.go:265] couldn't get the server's
  // API`
  /^(?<level>[IWEF])\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ [\w.-]+:\d+\] (?<text>.*)$/,
  // apt and dpkg: `E: Unable to locate package redis`
  /^(?<level>[NWE]): (?<text>.*)$/,
  // Maven: `[ERROR] Failed to execute goal`
  /^\[(?<level>INFO|WARNING|ERROR)\] (?<text>.*)$/,
  // npm: `npm error code ENOENT`
  /^npm (?<level>notice|warn|error) (?<text>.*)$/,
  // kubectl and pulumi: `error: the context does not exist`
  /^(?<level>warning|error|fatal): (?<text>.*)$/i,
  // Node and Java, whose first lines say where: `TypeError: x is not a function`, `DOMException
  // [TimeoutError]: …`
  /^(?<text>(?:Exception in thread "[^"]*" )?[\w.$]*?(?<level>Error|Exception)(?: \[\w+\])?: .+)$/,
  // kubectl and docker: `Error from server (NotFound): …`, `docker: Error response from daemon: …`
  /^(?:docker: )?(?<level>error) (?:from|response|when|while|getting|creating)\b/i,
];

const IS_ERROR = /^(e|f|erro|error|exception|fata|fatal|pani|panic)$/i;

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what colours are made of
const COLOURS = /\u001b\[[0-9;?]*[A-Za-z]/g;

function parse(line: string): Line {
  for (const mark of MARKS) {
    const { level, text = line } = mark.exec(line)?.groups ?? {};
    if (level !== undefined) return { isError: IS_ERROR.test(level), text: text.replaceAll('\\"', '"').trim() };
  }
  return { isError: undefined, text: line };
}

/**
 * The first line that a tool marked as an error. Where none is marked: the first line without a
 * mark, or the last line.
 *
 * @param texts what the tool printed, the stream that should hold the error first
 * @returns one line without colours, times and levels; empty where the tool printed nothing
 */
export function firstError(...texts: readonly string[]): string {
  const lines = texts.map((text) =>
    text
      .replace(COLOURS, '')
      .split(/[\r\n]+/)
      .map((line) => parse(line.trim()))
      .filter(({ text }) => text !== ''),
  );
  const all = lines.flat();
  const found = all.find(({ isError }) => isError) ?? all.find(({ isError }) => isError === undefined);
  return (found ?? lines.find((some) => some.length > 0)?.at(-1))?.text ?? '';
}
