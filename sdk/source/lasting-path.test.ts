import { VideoSample } from "mediabunny";
import { expect, it } from "vitest";
import { CodecError } from "../../codec/errors.ts";
import type { BufferPool } from "../../codec/model/gpu-buffers.ts";
import { GpuPicture } from "../../codec/picture/gpu-picture.ts";
import type { SourcePicture } from "../../codec/picture/gpu-picture.ts";
import type { Picture } from "../../codec/picture/picture.ts";
import { LastingPath } from "./lasting-path.ts";
import type { PicturePath } from "./picture-path.ts";

const SIZE = { width: 64, height: 48 };
const BASE = { width: 16, height: 12 };

/** What cannot be had of a GPU that is lost. */
const gone = async (): Promise<never> => {
	throw new CodecError("backend-failed", "The GPU device was lost.");
};

/** A GPU that gives a base of one grey, until it is lost. */
class Gpu implements PicturePath {
	lost = false;
	readonly #grey: number;

	constructor(grey: number) {
		this.#grey = grey;
	}

	async take(_: VideoSample, timestamp: number): Promise<SourcePicture> {
		return this.picture(timestamp);
	}

	scale(picture: SourcePicture): SourcePicture {
		return this.picture(picture.timestamp);
	}

	downscale(picture: SourcePicture): Promise<Picture> {
		return this.lost ? gone() : Promise.resolve(grey(this.#grey, picture.timestamp));
	}

	planes(picture: SourcePicture): Promise<Picture> {
		return this.downscale(picture);
	}

	picture(timestamp: number): GpuPicture {
		return new GpuPicture({ ...SIZE, timestamp }, {} as GPUBuffer, {} as BufferPool);
	}
}

const grey = (level: number, timestamp: number): Picture => ({
	...{ ...BASE, timestamp },
	y: new Uint8Array(BASE.width * BASE.height).fill(level),
	u: new Uint8Array((BASE.width * BASE.height) / 4).fill(128),
	v: new Uint8Array((BASE.width * BASE.height) / 4).fill(128),
});

const sample = (level: number): VideoSample => {
	const bytes = new Uint8Array(SIZE.width * SIZE.height * 1.5).fill(level);
	return new VideoSample(bytes, { format: "I420", codedWidth: 64, codedHeight: 48, timestamp: 0 });
};

it("shows the picture before where a GPU took pictures along, and goes on through memory", async () => {
	const path = new LastingPath(SIZE);
	const gpu = new Gpu(90);
	path.open(gpu);
	const [first, second] = [await path.take(sample(0), 1), await path.take(sample(0), 2)];
	expect(await path.downscale(path.scale(first, 64, 48))).toEqual(grey(90, 1));
	gpu.lost = true;
	expect(await path.downscale(second)).toEqual(grey(90, 2));
	expect(path.has(second)).toBe(false);
	await expect(path.planes(second)).rejects.toMatchObject({ code: "backend-failed" });
	const third = await path.take(sample(120), 3);
	expect(third).not.toBeInstanceOf(GpuPicture);
	expect(path.has(third)).toBe(true);
	expect((await path.downscale(path.scale(third, 64, 48))).y[7]).toBe(120);
});

it("goes over the next GPU, which knows nothing of the pictures of the last one", async () => {
	const path = new LastingPath(SIZE);
	const lost = new Gpu(90);
	path.open(lost);
	const before = await path.take(sample(0), 1);
	path.lose();
	path.open(new Gpu(30));
	lost.lost = true;
	const after = await path.take(sample(0), 2);
	expect([path.has(before), path.has(after)]).toEqual([false, true]);
	expect(path.scale(before, 32, 24)).toBe(before);
	expect(await path.downscale(after)).toEqual(grey(30, 2));
	expect(await path.downscale(before)).toEqual(grey(30, 1));
	expect(path.has(after)).toBe(true);
});

it("is not ended by the first picture", async () => {
	const path = new LastingPath(SIZE);
	const gpu = new Gpu(90);
	path.open(gpu);
	const first = await path.take(sample(0), 5);
	gpu.lost = true;
	expect(await path.downscale(first)).toEqual(grey(16, 5));
});

it("passes on what is no loss", async () => {
	const path = new LastingPath(SIZE);
	const gpu = new Gpu(90);
	path.open(gpu);
	gpu.downscale = async () => {
		throw new RangeError("a mistake");
	};
	await expect(path.downscale(gpu.picture(1))).resolves.toBeDefined();
	const held = await path.take(sample(0), 1);
	await expect(path.downscale(held)).rejects.toThrow("a mistake");
});
