// Where the program is: its root folder.
import { join } from 'node:path';

export const REPOSITORY = join(import.meta.dirname, '..', '..');
