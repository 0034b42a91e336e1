import type { BaseTrack } from "../../codec/track.ts";
import { Shipper } from "./shipper.ts";
import { BASE_ID, createRequest, enhancementId } from "./tracks.ts";
import type { AssetTracks } from "./tracks.ts";
import type { Work } from "./work.ts";

/** The base is described: the asset is made, or found again, and what an earlier attempt left unsent goes first. */
export const openAsset = async (work: Work, base: BaseTrack): Promise<void> => {
	const { job, context, meter, signal } = work;
	const { host, client, clock, gate, journal, resume } = context;
	const tracks = job.tracks(base);
	announceLayers(work, tracks);
	const size = job.plan.enhanced ? job.plan : base;
	const about = { title: job.options.title, longestPart: job.longestPart };
	const request = createRequest(tracks, { width: size.width, height: size.height }, job.frameRate, about);
	const response = resume?.asset ?? (await client.create(request, crypto.randomUUID(), signal));
	const last = job.ended ? undefined : job.qualities.at(-1);
	const leading = last === undefined ? BASE_ID : enhancementId(last);
	const { live } = job.source.info;
	const fail = (error: unknown) => work.fail(error);
	const shipper = new Shipper(response, { client, meter, clock, gate, signal, fail, leading, journal, resume, live });
	work.shipper = shipper;
	if (resume === undefined) {
		await beginJournal(work, response.id, base, tracks);
	}
	host.onStep("prepared");
	work.announcement.opened(shipper.asset);
	await shipper.sendLeftovers();
};

const announceLayers = ({ meter }: Work, tracks: AssetTracks): void => {
	for (const [id, track] of tracks) {
		const { kind, codec } = track;
		const dimensions = track.kind === "audio" ? {} : { width: track.width, height: track.height };
		const quality = track.kind === "enhancement" ? { q: track.q } : {};
		meter.addLayer({ track: id, kind, codec, ...dimensions, ...quality });
	}
};

const beginJournal = async (
	{ job, context }: Work,
	assetId: string,
	base: BaseTrack,
	tracks: AssetTracks,
): Promise<void> => {
	const { plan, prospect, source } = job;
	const { journal } = context;
	const parts = Object.fromEntries([...tracks.keys()].map((id) => [id, 0]));
	await journal?.begin({
		key: journal.key,
		assetId,
		created: Date.now(),
		plan: { width: plan.width, height: plan.height, enhanced: plan.enhanced },
		coding: plan.enhanced ? prospect.coding : undefined,
		base,
		audio: source.audio?.track,
		checkpoint: {
			group: 0,
			groups: 0,
			parts,
			frames: 0,
			duration: 0,
			bytes: 0,
			effort: job.effort,
			ended: undefined,
		},
		baseDone: -1,
	});
};
