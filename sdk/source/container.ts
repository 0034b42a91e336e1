import { BlobSource, Input, MATROSKA, MP4, QTFF, UrlSource, WEBM } from "mediabunny";
import { UploadError } from "../errors.ts";
import { patientFetch } from "../transport/patient-fetch.ts";
import type { PatientFetch } from "../transport/patient-fetch.ts";
import { fingerprintOf } from "./fingerprint.ts";

/** What `docs/sdk.md` promises. Others that could be read (MPEG-TS of camcorders) do not say whether they are interlaced. */
const FORMATS = [MP4, QTFF, MATROSKA, WEBM];

/** Seconds before a request is made again whose answer broke off in the middle; the request itself is patient. */
const AGAIN = 0.5;

/** Bytes of a file that are kept once they were read: enough for pictures and sound that lie beside each other. A disk is asked again for the rest. */
const KEPT_BYTES = 4 * 2 ** 20;

/** A file, blob or address that mediabunny reads. */
export class Container {
	readonly input: Input;
	readonly #source: Blob | string;
	/** What the server says of this version of what is at the address. */
	readonly #version: () => string;

	private constructor(source: Blob | string, input: Input, version: () => string) {
		this.#source = source;
		this.input = input;
		this.#version = version;
	}

	/** Begins nothing yet: what cannot be reached is told by whatever reads first. */
	static open(source: Blob | string, signal: AbortSignal, fetch = patientFetch({ signal })): Container {
		if (source instanceof Blob) {
			const file = new BlobSource(source, { maxCacheSize: KEPT_BYTES });
			return new Container(source, new Input({ formats: FORMATS, source: file }), () => "");
		}
		let version: string | undefined;
		const url = new UrlSource(source, {
			fetchFn: async (_, init) => {
				const response = await request(source, fetch, init);
				version ??= versionOf(response.headers);
				return response;
			},
			getRetryDelay: (_, error) => (signal.aborted || error instanceof UploadError ? null : AGAIN),
			// It read ahead: whoever reads there next meets the same again.
			handleUnhandledError: () => {},
		});
		return new Container(source, new Input({ formats: FORMATS, source: url }), () => version ?? "");
	}

	/** The same for the same video. To be asked for when something was read. */
	async fingerprint(): Promise<string> {
		const source = this.#source;
		return source instanceof Blob ? fingerprintOf(source) : `${source} ${this.#version()}`;
	}

	/**
	 * Tells a file that is damaged from one that is out of reach: changed or moved since it was chosen, on a drive that was pulled out.
	 * @throws {UploadError} `source-unreadable`
	 */
	async checkReadable(): Promise<void> {
		if (typeof this.#source === "string") {
			return;
		}
		try {
			await this.#source.slice(-1).arrayBuffer();
		} catch (cause) {
			throw new UploadError(
				"source-unreadable",
				"The file cannot be read any more: it was changed, moved or unplugged.",
				{
					hint: "Choose the same file again: the upload goes on where it was.",
					cause,
				},
			);
		}
	}

	close(): void {
		this.input.dispose();
	}
}

/** @throws {UploadError} `source-unreadable` where the address is answered otherwise than with the video; `network-failed` */
const request = async (address: string, fetch: PatientFetch, init: RequestInit | undefined): Promise<Response> => {
	const response = await fetch.streamed(address, init);
	if (response.ok) {
		return response;
	}
	const { status } = response;
	await response.body?.cancel();
	throw new UploadError("source-unreadable", `The address of the video answers ${status}.`, {
		hint: "Check the address, and that it can be read without signing in.",
		status,
	});
};

/** Its size and tag: another video under the same address is another video. Servers of other origins may hide both. */
const versionOf = (headers: Headers): string => {
	const tag = headers.get("etag") ?? headers.get("last-modified") ?? "";
	return `${tag} ${headers.get("content-range")?.split("/")[1] ?? headers.get("content-length") ?? ""}`;
};
