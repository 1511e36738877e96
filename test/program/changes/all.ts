// What a change of each key does, for every key of the config.
import { appsChanges } from './apps.ts';
import type { Changes } from './change.ts';
import { clusterChanges } from './cluster.ts';
import { monitoringChanges } from './monitoring.ts';
import { serversChanges } from './servers.ts';

export const changes: Changes = { ...clusterChanges, ...serversChanges, ...appsChanges, ...monitoringChanges };
