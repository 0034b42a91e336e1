/**
 * Bytes that need not be in memory together: how many, and the same again whenever they are asked for, one chunk after the other. A chunk
 * is there until the next is asked for.
 */
export type Content = { readonly length: number; readonly chunks: () => Iterable<Uint8Array> };

/** Bytes that are in memory. */
export const wholeContent = (bytes: Uint8Array): Content => ({ length: bytes.length, chunks: () => [bytes] });
