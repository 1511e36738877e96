// Where JMeter, a load generator, comes from: its jars from Maven's repository.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findJava, type MavenServer, mavenLibs } from './maven.ts';
import type { InstallOptions } from './options.ts';

// renovate: datasource=maven depName=org.apache.jmeter:ApacheJMeter_http
const VERSION = '5.6.3';
const JMETER: MavenServer = {
  name: 'JMeter',
  version: VERSION,
  megabytes: 70,
  artifacts: ['http', 'functions', 'config'].map((part) => `org.apache.jmeter:ApacheJMeter_${part}:${VERSION}`),
  unpack: 'ApacheJMeter_config',
};

/**
 * The command that starts JMeter; its arguments follow. Fetches it once.
 *
 * @throws ServerUnavailableError without Java 17 or Maven
 */
export async function installJMeter(options: InstallOptions): Promise<readonly [string, ...string[]]> {
  const java = await findJava(JMETER.name, options.env ?? {});
  const home = await mavenLibs(JMETER, options);
  // It complains about folders of its distribution that do not exist.
  for (const folder of ['ext', 'junit']) await mkdir(join(home, 'lib', folder), { recursive: true });
  const settings = { 'jmeter.home': home, 'java.util.prefs.userRoot': home };
  return [
    java.program,
    ...Object.entries(settings).map(([name, value]) => `-D${name}=${value}`),
    ...['-cp', join(home, '*'), 'org.apache.jmeter.NewDriver'],
  ];
}
