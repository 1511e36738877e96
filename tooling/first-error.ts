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
  // npm: `npm error enoent Could not read package.json`, after `code ENOENT` and `syscall open`
  /^npm (?<level>notice|warn|error) (?!(?:code|syscall|path|errno) )(?<text>.*)$/,
  // kubectl and pulumi: `error: the context does not exist`
  /^(?<level>warning|error|fatal): (?<text>.*)$/i,
  // Node and Java, whose first lines say where: `TypeError: x is not a function`, `DOMException
  // [TimeoutError]: …`
  /^(?<text>(?:Exception in thread "[^"]*" )?[\w.$]*?(?<level>Error|Exception)(?: \[\w+\])?: .+)$/,
  // The AWS CLI: `aws: [ERROR]: An error occurred (AccessDenied) when …`; older ones: `An error …`
  /^aws: \[(?<level>ERROR)\]: (?<text>.*)$/,
  /^An (?<level>error) occurred \(/,
  // kubectl and docker: `Error from server (NotFound): …`, `docker: Error response from daemon: …`
  /^(?:docker: )?(?<level>error) (?:from|in|response|when|while|getting|creating)\b/i,
  // What docker, kubectl and Java say before the program begins.
  /^(?<level>Unable) to find image '.*' locally$/,
  /^[\w.-]+: (?<level>Pulling|Waiting|Verifying|Download|Pull|Already)\b/,
  /^(?<level>Digest|Status): /,
  /^(?<level>DEPRECATED): /,
  /^(?<level>Defaulted) container /,
  /^(?:NOTE: )?(?<level>Picked) up \w+: /,
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

/** The lines of a text. An indented line without a mark is part of the one above it. */
function parseLines(text: string): readonly Line[] {
  const lines: Line[] = [];
  for (const raw of text.replace(COLOURS, '').split(/[\r\n]+/)) {
    const line = parse(raw.trim());
    const above = /^\s/.test(raw) && line.isError === undefined ? lines.at(-1) : undefined;
    if (line.text !== '') lines.push({ ...line, isError: line.isError ?? above?.isError });
  }
  return lines;
}

/** The error, with the next one where it says only what failed and the next one says why. */
function withReason(error: Line, next: Line | undefined): string {
  const saysWhy = ({ text }: Line) => text.includes(': ');
  return next?.isError && !saysWhy(error) && saysWhy(next) ? `${error.text}: ${next.text}` : error.text;
}

/**
 * The first line that a tool marked as an error; if it gives no reason, with the one after it.
 * Where none is marked: the first line without a mark, or the last line.
 *
 * @param texts what the tool printed, the stream that should hold the error first
 * @returns one line without colours, times and levels; empty where the tool printed nothing
 */
export function firstError(...texts: readonly string[]): string {
  const lines = texts.map(parseLines);
  const all = lines.flat();
  const first = all.findIndex(({ isError }) => isError);
  if (first >= 0) return withReason(all[first]!, all[first + 1]);
  const plain = all.find(({ isError }) => isError === undefined);
  return (plain ?? lines.find((some) => some.length > 0)?.at(-1))?.text ?? '';
}
