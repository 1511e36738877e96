// What a message costs in operations of the disk: one for each 256 KiB begun, as EBS counts I/O.

/** Bytes that one operation carries. */
export const OPERATION_BYTES = 256 * 1024;

/** Operations beyond the first that a message of this size takes. */
export const furtherOperations = (bytes: number): number => Math.max(0, Math.ceil(bytes / OPERATION_BYTES) - 1);

/** Operations of a request: 1 (0 for a free command), and 1 for each further 256 KiB. */
export const requestCost = (free: boolean, bytes: number): number => (free ? 0 : 1) + furtherOperations(bytes);
