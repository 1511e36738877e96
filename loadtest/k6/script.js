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
  const user = exec.vu.idInTest - 1;
  const iteration = exec.vu.iterationInInstance;
  const response = http.get(url, {
    headers: { 'X-Origin': `${plan.run}/${user}/${iteration}`, ...(plan.host && { Host: plan.host }) },
    timeout: `${plan.timeoutMs}ms`,
  });
  const { blocked, connecting, duration } = response.timings;
  const body = response.body === null ? '' : String(response.body).replace(/\n/g, ' ');
  const latency = (blocked + connecting + duration).toFixed(3);
  console.log(`W ${user} ${iteration} ${latency} ${response.status} ${response.error_code} ${body}`);
  if (response.status === 0) sleep(1); // As our own users do, so that an absent server is not flooded.
  const think = leastThink + Math.random() * (mostThink - leastThink);
  if (think > 0) sleep(think);
}
