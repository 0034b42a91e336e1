/** Which text tracks show, by what they are: a `<track>` that is made anew is known by that. */
export type TrackModes = ReadonlyMap<string, TextTrackMode>;

/** The modes of the tracks that are on. */
export function readTrackModes(tracks: TextTrackList): TrackModes {
	const on = [...tracks].filter(({ mode }) => mode !== "disabled");
	return new Map(on.map((track) => [nameOf(track), track.mode]));
}

/** Gives tracks that are off the modes that their like had. */
export function restoreTrackModes(tracks: TextTrackList, modes: TrackModes): void {
	for (const track of tracks) {
		const mode = modes.get(nameOf(track));
		if (mode !== undefined && track.mode === "disabled") track.mode = mode;
	}
}

const nameOf = ({ kind, language, label }: TextTrack): string => JSON.stringify([kind, language, label]);
