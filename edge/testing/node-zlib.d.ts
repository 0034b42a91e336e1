/** What tests use of the module: workerd has it, the types of workerd do not. */
declare module "node:zlib" {
	export const brotliCompressSync: (bytes: Uint8Array) => Uint8Array<ArrayBuffer>;
	export const brotliDecompressSync: (bytes: Uint8Array) => Uint8Array<ArrayBuffer>;
}
