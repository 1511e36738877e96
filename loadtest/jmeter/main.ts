// npm run jmeter: runs Apache JMeter with the arguments given, and fetches it first where it is not
// there yet.
import { once } from 'node:events';
import { installJMeter } from '../../local/install/jmeter.ts';
import { UserError } from '../../tooling/errors.ts';
import { spawnGroup } from '../../tooling/process/guard.ts';

/** The threads of a replay would keep JMeter alive for another minute. */
const EXIT_AT_END = '-Jjmeterengine.force.system.exit=true';

try {
  const [program, ...args] = await installJMeter({ env: process.env, log: (line) => console.error(line) });
  const jmeter = spawnGroup(program, [...args, EXIT_AT_END, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.on('SIGINT', () => jmeter.kill('SIGTERM'));
  const [code] = await once(jmeter, 'exit');
  process.exitCode = code ?? 1;
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
