// Question: what does k6 measure under the same load? It follows the same plan as our generator
// (PLAN, as JSON) and writes one line per request to standard error, which start.ts records:
// W user iteration latency-ms status k6-error-code body

import { sleep } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';

const plan = JSON.parse(__ENV.PLAN);
const [leastThink, mostThink] = plan.thinkSeconds;
const url = `${plan.target.replace(/\/$/, '')}/api/data`;

export const options = {
  scenarios: {
    load: {
      executor: 'ramping-vus',
      startVUs: 0,
      stages: plan.stages.map(({ seconds, users }) => ({ duration: `${Math.round(seconds * 1000)}ms`, target: users })),
      gracefulStop: `${plan.gracefulStopMs}ms`,
      gracefulRampDown: `${plan.gracefulStopMs}ms`,
    },
  },
  noConnectionReuse: !plan.keepAlive,
  systemTags: ['status'],
};

export default function () {
  iterate(() => undefined);
}

/** One request and the pause after it. `bodyOf` makes the body from the origin; without one it is a GET. */
export function iterate(bodyOf) {
  const user = exec.vu.idInTest - 1;
  const iteration = exec.vu.iterationInInstance;
  const origin = `${plan.run}/${user}/${iteration}`;
  const body = bodyOf(origin, plan);
  const response = http.request(body === undefined ? 'GET' : 'POST', url, body ?? null, {
    headers: {
      'X-Origin': origin,
      ...(plan.host && { Host: plan.host }),
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
    },
    timeout: `${plan.timeoutMs}ms`,
  });
  const { blocked, connecting, duration } = response.timings;
  const answer = response.body === null ? '' : String(response.body).replace(/\n/g, ' ');
  const latency = (blocked + connecting + duration).toFixed(3);
  console.log(`W ${user} ${iteration} ${latency} ${response.status} ${response.error_code} ${answer}`);
  if (response.status === 0) sleep(1); // As our own users do, so that an absent server is not flooded.
  const think = leastThink + Math.random() * (mostThink - leastThink);
  if (think > 0) sleep(think);
}
