// Backup: dumps MongoDB to a volume on a schedule, through the gate's port for backups.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { BACKUP_PORT } from '../../../config/environment.ts';
import type { StackConfig } from '../../../config/schema.ts';
import { memoryOf } from '../../images/memory.ts';
import { officialImage } from '../../images/official-images.ts';
import type { Credentials } from '../../kubernetes/credentials.ts';
import { type Labels, labelsOf, NOT_WAITED_FOR } from '../../kubernetes/labels.ts';
import { hostOf } from '../../kubernetes/namespaces.ts';
import { type PodArgs, podTemplate } from '../../kubernetes/pod.ts';
import { dataMount, filesMount } from '../../kubernetes/server.ts';
import { DATABASE } from '../../network/addresses.ts';
import { MONGO_USER_ID } from './mongo.ts';

const FILES = '/etc/backup';
const VOLUME = '/backup';
/** Time limit of a dump. One that hangs would otherwise keep all later ones from starting. */
const DEADLINE_SECONDS = 86_400;
/** How long after its time a dump may start, if the cluster was down. */
const LATE_START_SECONDS = 3_600;

/** Arguments of Backup. */
export interface BackupArgs {
  readonly namespace: pulumi.Input<string>;
  readonly config: StackConfig;
  /** MongoDB's. */
  readonly credentials: Pick<Credentials, 'files'>;
  /** Labels of the nodes that may hold the volume. @default any node */
  readonly storageNodes?: Labels;
}

/** The pod of a dump. `npm run restore` runs the same pod with other arguments. */
function backupPod(name: string, args: BackupArgs, files: pulumi.Input<string>): PodArgs {
  const { config, credentials, storageNodes } = args;
  const gate = hostOf('gate', config.cluster.namespace);
  const login = config.mongo.auth ? '&authSource=admin' : '';
  return {
    component: name,
    config,
    userId: MONGO_USER_ID,
    restartPolicy: 'Never',
    nodeSelector: storageNodes,
    containers: [
      {
        name,
        image: officialImage('mongo', config.images),
        command: ['sh', `${FILES}/backup.sh`],
        args: ['dump'],
        environment: {
          BACKUP_FOLDER: VOLUME,
          BACKUP_KEEP: String(config.backup.keep),
          BACKUP_URL: `mongodb://${gate}:${BACKUP_PORT}/?directConnection=true${login}`,
          DATABASE,
          HOME: '/tmp',
        },
        secretFiles: credentials.files('main', 'MONGO'),
        ...memoryOf('backup'),
        mounts: [dataMount(VOLUME), filesMount(FILES)],
      },
    ],
    volumes: [
      { name: 'data', persistentVolumeClaim: { claimName: name } },
      { name: 'files', configMap: { name: files } },
    ],
  };
}

/** A CronJob and a volume, both called like the component. */
export class Backup extends pulumi.ComponentResource {
  constructor(name: string, args: BackupArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:mongo:Backup', name, {}, opts);
    const { namespace, config } = args;
    const { schedule, volumeGiB } = config.backup;
    const metadata = { namespace, labels: { ...labelsOf(name) } };
    const child = { parent: this };

    const files = new k8s.core.v1.ConfigMap(
      `${name}-files`,
      { metadata, immutable: true, data: { 'backup.sh': readFileSync(join(__dirname, 'backup.sh'), 'utf8') } },
      child,
    );
    const volume = new k8s.core.v1.PersistentVolumeClaim(
      name,
      {
        metadata: {
          ...metadata,
          name,
          // Many classes bind a volume only when a pod uses it. A claim that was kept is taken over.
          annotations: { ...NOT_WAITED_FOR, 'pulumi.com/patchForce': 'true' },
        },
        spec: {
          accessModes: ['ReadWriteOnce'],
          ...(config.cluster.storageClass !== undefined && { storageClassName: config.cluster.storageClass }),
          resources: { requests: { storage: `${volumeGiB}Gi` } },
        },
      },
      // Like the volumes of the servers, it stays until somebody deletes the claim or the namespace.
      { ...child, retainOnDelete: true },
    );
    const cronJob = new k8s.batch.v1.CronJob(
      name,
      {
        metadata: { ...metadata, name },
        spec: {
          schedule,
          timeZone: 'Etc/UTC',
          concurrencyPolicy: 'Forbid',
          startingDeadlineSeconds: LATE_START_SECONDS,
          successfulJobsHistoryLimit: 1,
          failedJobsHistoryLimit: 1,
          jobTemplate: {
            spec: {
              backoffLimit: 2,
              activeDeadlineSeconds: DEADLINE_SECONDS,
              template: podTemplate(backupPod(name, args, files.metadata.name)),
            },
          },
        },
      },
      { ...child, dependsOn: volume },
    );
    this.registerOutputs({ cronJob: cronJob.metadata.name, claim: volume.metadata.name });
  }
}
