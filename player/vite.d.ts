declare module "*?worker&url" {
	/** Address of a module that was bundled as a worker. */
	const url: string;
	export default url;
}
