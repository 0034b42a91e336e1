import { createUpload } from "crescendo-video/sdk/headless";
import { useCallback, useEffect, useRef, useState } from "react";

/**
 * One upload at a time as React state.
 *
 * @param {import("crescendo-video/sdk").UploadOptions} options
 * @returns `start(source)`, `upload` (to pause, resume, abort), `state`, `progress`, `asset` (once it can be watched) and `error`
 */
export function useUpload(options) {
	const [snapshot, setSnapshot] = useState({ state: "idle" });
	const current = useRef(null);

	const start = useCallback(
		(source) => {
			current.current?.abort();
			const upload = createUpload(source, options);
			current.current = upload;
			const update = (change) =>
				current.current === upload && setSnapshot((before) => ({ ...before, ...change }));
			setSnapshot({ state: upload.state });
			upload.addEventListener("statechange", ({ detail }) => update({ state: detail.state }));
			upload.addEventListener("progress", ({ detail }) => update({ progress: detail }));
			upload.addEventListener("playable", ({ detail }) => update({ asset: detail }));
			upload.addEventListener("error", ({ detail }) => update({ error: detail }));
			return upload;
		},
		[options],
	);

	// A component that goes away takes its upload along; what the edge has stays, and the same file continues there.
	useEffect(() => () => current.current?.abort(), []);

	return { ...snapshot, start, upload: current.current };
}
