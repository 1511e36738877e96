// V8 collects the old generation again once the heap has grown by a factor, which it chooses by the
// heap's limit: with the few hundred MiB that an app may use it is 1.3, so that a small live heap
// is collected several times a second under load.
import { setFlagsFromString } from 'node:v8';

/**
 * Collects the old generation once it is two and a half times as large as after the last time. The
 * limit stays.
 */
export function letHeapGrow(): void {
  setFlagsFromString('--heap-growing-percent=150');
}
