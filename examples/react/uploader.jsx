import { useUpload } from "./use-upload.js";

/** A file field, a progress bar and a link: all that an upload needs. */
export function Uploader({ options }) {
	const { start, upload, state, progress, asset, error } = useUpload(options);
	const running = state !== "idle" && state !== "done" && state !== "failed" && state !== "aborted";
	return (
		<section>
			<label>
				Video{" "}
				<input
					type="file"
					accept="video/*,.mkv"
					disabled={running}
					onChange={(event) => start(event.target.files[0])}
				/>
			</label>
			{progress && (
				<progress
					aria-label="Uploaded"
					max={progress.framesTotal ?? 1}
					value={state === "done" ? progress.framesTotal : progress.framesUploaded}
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
