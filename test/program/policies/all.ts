// What every stack must keep to. policies.test.ts applies each policy to all stacks, and breaks each once.
import { configPolicies } from './config.ts';
import { podPolicies } from './pods.ts';
import type { Policies } from './policy.ts';
import { wiringPolicies } from './wiring.ts';

export const policies: Policies = { ...podPolicies, ...wiringPolicies, ...configPolicies };
