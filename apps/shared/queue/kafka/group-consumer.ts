// The library's consumer, with one mistake of its mended: where it looks for the group's coordinator when that broker is gone.
import { Consumer, kGetConnection, NetworkError } from '@platformatic/kafka';

/**
 * A consumer that asks anew who coordinates its group when the broker it was told of is not in the metadata any more. The
 * library (2.12.1) takes that for stale metadata alone and keeps the coordinator: no commit, heartbeat or join succeeds until
 * the broker is back. Its issue 290 mended what a broker does that is listed and does not answer.
 */
export class GroupConsumer extends Consumer<Buffer, Buffer, Buffer, Buffer> {
  override [kGetConnection](...[broker, callback]: Parameters<Consumer[typeof kGetConnection]>): void {
    if (broker === undefined) {
      this.clearMetadata();
      // Not marked as stale metadata, it makes the library forget the coordinator as well.
      callback(new NetworkError('The broker is not in the metadata of the cluster.', { canRetry: true }));
    } else super[kGetConnection](broker, callback);
  }
}
