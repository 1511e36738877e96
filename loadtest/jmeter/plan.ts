// A load profile as a plan of Apache JMeter, for those who test with it. JMeter does not report what
// each request was promised, so the ledger cannot check its load: `npm run loadtest` can.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { peakUsers, type Stage, totalSeconds } from '../../config/load-profiles.ts';
import { UserError } from '../../tooling/errors.ts';
import { escapeHtml } from '../../tooling/report/plot.ts';
import type { Profile } from '../profiles.ts';

/** Users that arrive and leave together. JMeter's thread groups cannot shrink, so there are several. */
export interface ThreadGroup {
  readonly threads: number;
  /** When the first of them arrives, seconds since the start. */
  readonly delay: number;
  /** Seconds until all have arrived. */
  readonly ramp: number;
  /** Seconds from the first arrival until all of them leave. */
  readonly duration: number;
}

export interface PlanTarget {
  /** Base address, http or https. */
  readonly target: string;
  /** Host name by which an ingress routes to the target. Default: that of the address. */
  readonly host?: string | undefined;
}

/** Steps in which all users of the peak leave. */
const STEPS = 10;

/**
 * The stages as thread groups. Users arrive linearly, as in the stages; they leave in ten steps.
 * All times are whole seconds, because JMeter knows no others.
 */
export function threadGroups(stages: readonly Stage[]): ThreadGroup[] {
  const peak = peakUsers(stages);
  const steps = Array.from({ length: STEPS }, (_, i) => Math.round((peak * i) / STEPS));
  const levels = [...new Set([0, ...steps, ...stages.map(({ users }) => users)])].sort((a, b) => a - b);
  const groups: ThreadGroup[] = [];
  for (const [i, high] of levels.slice(1).entries()) {
    const low = levels[i]!;
    let arrival: { start: number; full: number } | undefined;
    const leave = (second: number) => {
      if (arrival === undefined) return;
      const delay = Math.round(arrival.start);
      const duration = Math.max(1, Math.round(second) - delay);
      groups.push({ threads: high - low, delay, ramp: Math.round(arrival.full - arrival.start), duration });
      arrival = undefined;
    };
    let [from, start] = [0, 0];
    for (const { seconds, users } of stages) {
      const at = (level: number) => start + (seconds * (level - from)) / (users - from);
      if (from <= low && users >= high) arrival = { start: at(low), full: at(high) };
      if (from >= high && users <= low) leave(at((low + high) / 2));
      start += seconds;
      from = users;
    }
    leave(start);
  }
  return groups;
}

/** Writes the plan. @returns its file, `<reportDir>/<profile>.jmx` @throws UserError as `jmeterPlan` */
export async function writePlan(profile: Profile, options: PlanTarget & { reportDir: string }): Promise<string> {
  const plan = jmeterPlan(profile, options);
  const file = join(options.reportDir, `${profile.name}.jmx`);
  await mkdir(options.reportDir, { recursive: true });
  await writeFile(file, plan);
  return file;
}

/**
 * The profile as JMX, for JMeter 5.6. The address can be changed where it runs, with `-Jhost=…` and
 * `-Jport=…`.
 *
 * @throws UserError for a profile with bodies, which a plan cannot make
 */
export function jmeterPlan(profile: Profile, { target, host }: PlanTarget): string {
  if (profile.mixed)
    throw new UserError(
      'NO_PLAN',
      `--export: the profile ${profile.name} cannot be exported: JMeter cannot make its bodies`,
    );
  const { protocol, hostname, port } = new URL(target);
  const isSecure = protocol === 'https:';
  const groups = profile.arrivals
    ? [openModel(profile.arrivals, sampler(profile))]
    : threadGroups(profile.stages).map((group) => closedModel(group, sampler(profile)));
  return `<?xml version="1.0" encoding="UTF-8"?>
<jmeterTestPlan version="1.2" properties="5.0" jmeter="5.6.3">
<hashTree>
<TestPlan guiclass="TestPlanGui" testclass="TestPlan" testname="${escapeHtml(profile.name)}">
  <stringProp name="TestPlan.comments">${escapeHtml(profile.question)}${profile.coldCache ? ' Flush the cache before it runs.' : ''} ${Math.round(totalSeconds(profile.stages))} s</stringProp>
</TestPlan>
<hashTree>
<ConfigTestElement guiclass="HttpDefaultsGui" testclass="ConfigTestElement" testname="target">
  <stringProp name="HTTPSampler.domain">\${__P(host,${hostname})}</stringProp>
  <stringProp name="HTTPSampler.protocol">${isSecure ? 'https' : 'http'}</stringProp>
  <stringProp name="HTTPSampler.port">\${__P(port,${port || (isSecure ? 443 : 80)})}</stringProp>
  <stringProp name="HTTPSampler.response_timeout">60000</stringProp>
</ConfigTestElement>
<hashTree/>
${host === undefined ? '' : hostHeader(host)}${groups.join('')}</hashTree>
</hashTree>
</jmeterTestPlan>
`;
}

const hostHeader = (
  host: string,
): string => `<HeaderManager guiclass="HeaderPanel" testclass="HeaderManager" testname="host">
  <collectionProp name="HeaderManager.headers">
    <elementProp name="Host" elementType="Header">
      <stringProp name="Header.name">Host</stringProp>
      <stringProp name="Header.value">${escapeHtml(host)}</stringProp>
    </elementProp>
  </collectionProp>
</HeaderManager>
<hashTree/>
`;

const closedModel = ({ threads, delay, ramp, duration }: ThreadGroup, content: string): string =>
  `<ThreadGroup guiclass="ThreadGroupGui" testclass="ThreadGroup" testname="${threads} users from second ${delay}">
  <intProp name="ThreadGroup.num_threads">${threads}</intProp>
  <intProp name="ThreadGroup.ramp_time">${ramp}</intProp>
  <boolProp name="ThreadGroup.scheduler">true</boolProp>
  <longProp name="ThreadGroup.delay">${delay}</longProp>
  <longProp name="ThreadGroup.duration">${duration}</longProp>
  <boolProp name="ThreadGroup.delayedStart">true</boolProp>
  <boolProp name="ThreadGroup.same_user_on_next_iteration">true</boolProp>
  <stringProp name="ThreadGroup.on_sample_error">continue</stringProp>
  <elementProp name="ThreadGroup.main_controller" elementType="LoopController" guiclass="LoopControlPanel" testclass="LoopController">
    <intProp name="LoopController.loops">-1</intProp>
    <boolProp name="LoopController.continue_forever">false</boolProp>
  </elementProp>
</ThreadGroup>
${content}`;

/**
 * A rate that is given twice holds for the arrivals between. The pauses leave JMeter time to start,
 * and the last requests time to end.
 */
function openModel({ stepSeconds, rates }: NonNullable<Profile['arrivals']>, content: string): string {
  const schedule: { rate: number; seconds: number }[] = [];
  for (const rate of rates)
    if (schedule.at(-1)?.rate === rate) schedule.at(-1)!.seconds += stepSeconds;
    else schedule.push({ rate, seconds: stepSeconds });
  const text = schedule.map(
    ({ rate, seconds }) => `rate(${rate}/s) even_arrivals(${Math.round(seconds * 1000)} ms) rate(${rate}/s)`,
  );
  return `<OpenModelThreadGroup guiclass="OpenModelThreadGroupGui" testclass="OpenModelThreadGroup" testname="arrivals">
  <elementProp name="ThreadGroup.main_controller" elementType="OpenModelThreadGroupController"/>
  <stringProp name="ThreadGroup.on_sample_error">continue</stringProp>
  <stringProp name="OpenModelThreadGroup.schedule">pause(5 s)
${text.join('\n')}
pause(5 s)</stringProp>
</OpenModelThreadGroup>
${content}`;
}

function sampler({ keepAlive, thinkSeconds: [least, most], arrivals }: Profile): string {
  const pause = `<TestAction guiclass="TestActionGui" testclass="TestAction" testname="think">
  <intProp name="ActionProcessor.action">1</intProp>
  <intProp name="ActionProcessor.target">0</intProp>
  <stringProp name="ActionProcessor.duration">0</stringProp>
</TestAction>
<hashTree>
<UniformRandomTimer guiclass="UniformRandomTimerGui" testclass="UniformRandomTimer" testname="pause">
  <stringProp name="ConstantTimer.delay">${least * 1000}</stringProp>
  <stringProp name="RandomTimer.range">${Math.round((most - least) * 1000)}</stringProp>
</UniformRandomTimer>
<hashTree/>
</hashTree>
`;
  return `<hashTree>
<HTTPSamplerProxy guiclass="HttpTestSampleGui" testclass="HTTPSamplerProxy" testname="GET /api/data">
  <stringProp name="HTTPSampler.path">/api/data</stringProp>
  <stringProp name="HTTPSampler.method">GET</stringProp>
  <boolProp name="HTTPSampler.use_keepalive">${keepAlive}</boolProp>
</HTTPSamplerProxy>
<hashTree/>
${most === 0 || arrivals ? '' : pause}</hashTree>
`;
}
