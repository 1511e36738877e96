// npm run doctor: what the program needs on this machine.
import { CommandError, run } from '../../../tooling/run.ts';
import type { Step } from '../context.ts';
import { REPOSITORY } from '../repository.ts';

export const doctor: Step = async ({ check }) => {
  try {
    await run('npm', ['run', '--silent', 'doctor'], { cwd: REPOSITORY });
    check('npm run doctor finds nothing missing', true);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    check('npm run doctor finds nothing missing', false, error.output.trim());
  }
};
