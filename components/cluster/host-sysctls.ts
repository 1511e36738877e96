// HostSysctls: kernel settings of the whole machine, set at the user's request
// (cluster:applyHostSysctls) and restored on destroy. The machine is the one that Docker runs on. A
// privileged container sets them, so that this process needs no root.
import { type Run, runWithin } from '../../tooling/run.ts';
import type { DynamicProvider } from '../dynamic-provider.ts';
import { complaint, normal, onHost, readSysctls, sameSysctls, setSysctls } from './proc-sys.ts';
import type { Sysctls } from './sysctls.ts';

/** What is set. */
export interface HostSysctlsInputs {
  /** An image with a shell that Docker has already: that of the nodes. */
  readonly image: string;
  readonly sysctls: Sysctls;
}

/** What is known once they are set. */
export interface HostSysctlsState extends HostSysctlsInputs {
  /** What the machine had before. */
  readonly previous: Sysctls;
}

/**
 * Sets the settings and restores those that are no longer wanted. If the machine refuses one, all
 * are restored.
 */
export async function applyHostSysctls(
  run: Run,
  inputs: HostSysctlsInputs,
  previous: Sysctls,
): Promise<HostSysctlsState> {
  const { image, sysctls } = inputs;
  const target = onHost(image);
  const unknown = Object.keys(sysctls).filter((name) => previous[name] === undefined);
  const found = await readSysctls(run, target, unknown);
  const back = Object.fromEntries(Object.entries(previous).filter(([name]) => sysctls[name] === undefined));
  const said = complaint('this machine', await setSysctls(run, target, { ...back, ...sysctls }));
  if (said !== '') {
    await setSysctls(run, target, { ...previous, ...found });
    throw new Error(`cluster:applyHostSysctls: ${said}`);
  }
  const known = { ...previous, ...found };
  return {
    ...inputs,
    previous: Object.fromEntries(Object.entries(known).filter(([name]) => sysctls[name] !== undefined)),
  };
}

/** Limit of a command. */
const COMMAND_MS = 600_000;
const run = runWithin(COMMAND_MS);

export const provider: DynamicProvider<HostSysctlsInputs, HostSysctlsState> = {
  async diff(_id, olds, news) {
    if (!sameSysctls(olds.sysctls, news.sysctls)) return { changes: true };
    // A reboot resets them.
    const now = await readSysctls(run, onHost(news.image), Object.keys(news.sysctls)).catch(() => undefined);
    return { changes: now !== undefined && !sameSysctls(now, normal(news.sysctls)) };
  },
  async create(inputs) {
    return { id: 'host', outs: await applyHostSysctls(run, inputs, {}) };
  },
  async update(_id, olds, news) {
    return { outs: await applyHostSysctls(run, news, olds.previous) };
  },
  async delete(_id, state) {
    await applyHostSysctls(run, { ...state, sysctls: {} }, state.previous);
  },
};
