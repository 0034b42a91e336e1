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
		/** This machine turned out too slow, or lost its GPU: the enhancement ends in the middle of the video. */
		| "enhancement-ended"
		/** The GPU was lost and came back, or something else took over: some seconds of what was filmed have no enhancement. */
		| "enhancement-interrupted";
	readonly message: string;
};

/** Whether a warning is about the enhancement: `progress.backend.notice` says that already, in the words of the moment. */
export const isAboutEnhancement = ({ code }: SourceWarning): boolean => code.startsWith("enhancement-");
