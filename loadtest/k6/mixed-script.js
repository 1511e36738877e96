// Question: does k6 agree under a mixed load? A script of its own, since each user of k6 loads all
// that its script imports.

import { mixedRequest } from '../mixed.ts';
import { iterate } from './script.js';

export { options } from './script.js';

export default function () {
  iterate((origin, { mix }) => mixedRequest(origin, mix).body);
}
