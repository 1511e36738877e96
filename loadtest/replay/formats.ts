// The formats of access logs: when did the request of a line arrive? Where a format says when the
// answer ended and how long it took, the arrival is computed.

/** `time` in milliseconds since 1970; `header`: a line that describes others. */
export type Entry = { readonly format: string; readonly time: number } | 'header';

// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
const ALB = /^(?:https?|h2|grpcs|wss?) (\d{4}-\d\d-\d\dT[\d:.]+Z) \S+ \S+:/;
const ALB_CREATED = /" -?\d* (\d{4}-\d\d-\d\dT[\d:.]+Z) "/;

// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html
const CLOUDFRONT_FIELDS = [
  ...['date', 'time', 'x-edge-location', 'sc-bytes', 'c-ip', 'cs-method', 'cs(Host)', 'cs-uri-stem', 'sc-status'],
  ...['cs(Referer)', 'cs(User-Agent)', 'cs-uri-query', 'cs(Cookie)', 'x-edge-result-type', 'x-edge-request-id'],
  ...['x-host-header', 'cs-protocol', 'cs-bytes', 'time-taken'],
];

// https://nginx.org/en/docs/http/ngx_http_log_module.html, and Traefik's, which adds columns:
// https://doc.traefik.io/traefik/observability/access-logs/
const COMMON = /\[(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d)\] "[^"]*" \d{3} /;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const TRAEFIK_TAIL = /" \d+ms\s*$/;

/** Reads one file line by line. A header names the columns of the lines below it. */
export class LogReader {
  #columns = CLOUDFRONT_FIELDS;

  /** @returns undefined for a line of no known format */
  read(line: string): Entry | undefined {
    if (line.startsWith('#')) return this.#readHeader(line);
    if (line.startsWith('{')) return readJson(line);
    return readAlb(line) ?? readCommon(line) ?? this.#readCloudFront(line);
  }

  #readHeader(line: string): Entry {
    if (line.startsWith('#Fields:')) this.#columns = line.slice('#Fields:'.length).trim().split(/\s+/);
    return 'header';
  }

  #readCloudFront(line: string): Entry | undefined {
    const values = line.split('\t');
    const of = (name: string) => values[this.#columns.indexOf(name)];
    return entry('CloudFront', `${of('date')}T${of('time')}Z`, Number(of('time-taken') ?? 0) * 1000);
  }
}

function readAlb(line: string): Entry | undefined {
  const ended = ALB.exec(line)?.[1];
  return ended === undefined ? undefined : entry('ALB', ALB_CREATED.exec(line)?.[1] ?? ended);
}

function readCommon(line: string): Entry | undefined {
  const match = COMMON.exec(line);
  if (match === null) return undefined;
  const [, day, name, year, time, hours, minutes] = match;
  const month = String(MONTHS.indexOf(name!) + 1).padStart(2, '0');
  const format = TRAEFIK_TAIL.test(line) ? 'Traefik' : 'combined';
  return entry(format, `${year}-${month}-${day}T${time}${hours}:${minutes}`);
}

function readJson(line: string): Entry | undefined {
  try {
    const { StartUTC, StartLocal } = JSON.parse(line) as Record<string, unknown>;
    return entry('Traefik JSON', String(StartUTC ?? StartLocal));
  } catch {
    return undefined;
  }
}

/** The start of a date in ISO 8601. `Date.parse` finds one in other text too. */
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:/;

function entry(format: string, date: string, tookMs = 0): Entry | undefined {
  const time = ISO.test(date) ? Date.parse(date) - tookMs : Number.NaN;
  return Number.isNaN(time) ? undefined : { format, time };
}
