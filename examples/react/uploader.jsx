import { useUpload } from "./use-upload.js";

/** A file field, a progress bar and a link: all that an upload needs. */
export function Uploader({ options }) {
	const { start, upload, state, progress, asset, error } = useUpload(options);
	const running = state !== "idle" && state !== "done" && state !== "failed" && state !== "aborted";
	// Of a source without an end nobody knows how far it is: then the bar has no value.
	const uploaded = progress?.framesTotal === undefined ? undefined : progress.framesUploaded;
	return (
		<section>
			<label>
				Video{" "}
				<input
					type="file"
					accept="video/*,.mkv"
					disabled={running}
					onChange={({ target: { files } }) => files[0] && start(files[0])}
				/>
			</label>
			{progress && (
				<progress
					aria-label="Uploaded"
					max={progress.framesTotal}
					value={state === "done" ? progress.framesTotal : uploaded}
				/>
			)}
			<p role="status">
				{state}
				{progress?.backend?.notice && `: ${progress.backend.notice}`}
			</p>
			{running && (
				<button type="button" onClick={() => (state === "paused" ? upload.resume() : upload.pause())}>
					{state === "paused" ? "Resume" : "Pause"}
				</button>
			)}
			{asset && <a href={asset.watchUrl}>Watch it</a>}
			{error && error.code !== "aborted" && (
				<p role="alert">
					{error.message} {error.hint}
				</p>
			)}
		</section>
	);
}
