import { releasePicture } from "../../codec/picture/gpu-picture.ts";
import { groupIndex, groupStart } from "../source/timing.ts";
import type { TimedPicture } from "../source/video-source.ts";
import { intoGroups } from "../stages/base-stage.ts";
import type { GroupedPicture } from "../stages/base-stage.ts";
import { runAhead } from "../stages/run-ahead.ts";
import type { Work } from "./work.ts";

/** Source pictures from the checkpoint on, scaled, in groups; stands still while the upload is paused. */
export const readPictures = (work: Work): AsyncGenerator<GroupedPicture, void, undefined> => {
	const { job, context, meter, signal, ready } = work;
	const { source, plan, path, options, readAhead } = job;
	const { gate, resume } = context;
	const length = Math.round(options.gopSeconds * 1_000_000);
	// Half a millisecond of rounding may lie before a boundary, see `groupIndex`.
	const from = groupStart(resume?.record.checkpoint.group ?? 0, length, length) - 500;
	source.pace = plan.pace;
	const read = source.pictures(Math.max(0, from), path, signal);
	async function* pictures(): AsyncGenerator<TimedPicture, void, undefined> {
		try {
			for (;;) {
				await gate.passed(signal);
				if (source.info.live) {
					// Who is late takes a newer picture, and lets those between go: what waits is delay.
					await ready.free(signal);
				}
				const next = await meter.waiting("decode", read.next());
				if (next.done === true) {
					return;
				}
				meter.decoded();
				const { picture, duration } = next.value;
				const scaled = path.scale(picture, plan.width, plan.height);
				if (scaled !== picture) {
					releasePicture(picture);
				}
				yield { picture: scaled, duration };
			}
		} finally {
			await read.return();
		}
	}
	return intoGroups(runAhead(pictures(), readAhead), (timestamp) => groupIndex(timestamp, length, length));
};
