// Memory of the apps whose memory the config does not set, MiB.

/** 55 MiB with Redis, and 65 more for Kafka's client; the rest is for messages in flight. */
export const PRODUCER_MEMORY_MIB = 192;
/**
 * Measured: 27 MiB idle, and 70 with 60 connections and messages of 4 MB, which the gate forwards in
 * pieces.
 */
export const GATE_MEMORY_MIB = 128;
