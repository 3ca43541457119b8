/** The version of holdfast.v1 spoken here. Majors must be equal; a newer minor version only adds. */
export const PROTOCOL = { protocolMajor: 1, protocolMinor: 0 } as const;

/** Transfers travel in chunks of this size; the receiver takes up to the maximum. */
export const CHUNK_BYTES = 512 * 1024;
export const MAX_CHUNK_BYTES = 1024 * 1024;
