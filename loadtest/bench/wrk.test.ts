import { expect, test } from '@jest/globals';
import { parseWrk } from './wrk.ts';

const GOOD = `Running 5s test @ http://127.0.0.1:8000/api/data
  1 threads and 200 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    27.65ms    9.94ms 150.04ms   88.21%
  Latency Distribution
     50%   25.01ms
     75%   30.20ms
     90%   37.90ms
     99%    1.02s
  35202 requests in 5.00s, 21.10MB read
Requests/sec:   7035.11
Transfer/sec:      4.22MB
`;

test('parses the result of wrk', () => {
  expect(parseWrk(GOOD)).toEqual({ requestsPerSecond: 7035.11, p50Ms: 25.01, p99Ms: 1020, failed: 0 });
});
test('counts failed requests', () => {
  const bad = GOOD.replace(
    'Requests/sec',
    '  Socket errors: connect 1, read 2, write 3, timeout 4\n  Non-2xx or 3xx responses: 90\nRequests/sec',
  );
  expect(parseWrk(bad).failed).toBe(100);
});
test('rejects any other text', () => expect(() => parseWrk('unable to connect')).toThrow(/unable to connect/));
