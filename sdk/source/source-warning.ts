/** Something worth telling that does not stop the upload. */
export type SourceWarning = {
	readonly code:
		| "truncated"
		| "audio-dropped"
		| "audio-downmixed"
		| "extra-tracks"
		| "not-resumable"
		| "stills-refused"
		/** This machine computes no enhancement, or could not go on with it. */
		| "enhancement-unavailable"
		/** This machine would have taken longer than `options.patience` allows: there is no enhancement. */
		| "enhancement-too-slow"
		/** This machine turned out too slow: the enhancement ends in the middle of the video. */
		| "enhancement-ended";
	readonly message: string;
};
