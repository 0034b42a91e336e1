import { camerasOfElement, recordByElement, uploadByElement } from "./page/elements.ts";
import {
	filmLosingGpu,
	filmLosingWasm,
	filmOnFaultyGpu,
	pretendOtherBitstream,
	uploadFallingBehind,
	uploadLosingGpu,
	uploadWithFaults,
	uploadWithoutMemory,
} from "./page/faults.ts";
import { beginClock, finishClock, uploadFrames, uploadStream } from "./page/feeds.ts";
import { measureBase } from "./page/measure-base.ts";
import { readSource } from "./page/read-source.ts";
import { timeUpload } from "./page/timings.ts";
import { assetOf, beginUpload, control, finishUpload, progressOf, stateOf, upload } from "./page/uploads.ts";

export type { Faults, FaultyAccount, GpuFault } from "./page/faults.ts";
export type { SourceAccount, SourceRefusal } from "./page/read-source.ts";
export type { UploadTimes } from "./page/timings.ts";
export type { UploadAccount } from "./page/uploads.ts";

/** For tests only: what runs inside the page, called from Node through `page.evaluate`. */
const functions = {
	...{ assetOf, beginUpload, control, finishUpload, progressOf, stateOf, upload },
	...{ camerasOfElement, uploadByElement, recordByElement },
	...{ uploadWithFaults, uploadLosingGpu, uploadFallingBehind, pretendOtherBitstream },
	...{ filmLosingGpu, filmLosingWasm, filmOnFaultyGpu, uploadWithoutMemory },
	...{ uploadFrames, uploadStream, beginClock, finishClock },
	...{ measureBase, readSource, timeUpload },
};

declare global {
	var bench: TestBench;
}

/** Everything that a test may call. */
export type TestBench = typeof functions;

globalThis.bench = functions;
