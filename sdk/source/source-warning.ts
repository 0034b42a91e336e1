/** Something worth telling that does not stop the upload. */
export type SourceWarning = {
	readonly code:
		| "truncated"
		| "audio-dropped"
		| "audio-downmixed"
		| "extra-tracks"
		| "not-resumable"
		| "stills-refused";
	readonly message: string;
};
