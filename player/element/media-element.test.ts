import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { testPictures } from "../../codec/picture/test-pictures.ts";
import { makeFixtureStream } from "../testing/fixture-stream.ts";
import { launchBrowser } from "../../test/e2e/browser.ts";
import { PlayerHarness, video } from "../testing/harness.ts";

/**
 * `<crescendo-video>` beside a native `<video>` in the same page: what one does, the other has to do. The native one plays
 * the same base as a file.
 */
const FRAME_RATE = 25;
const FRAMES = 30;

/** Members that are other on purpose, or whose values belong to a machine: see docs/player.md. */
const OTHERWISE = new Set(["src", "currentSrc", "srcObject", "constructor"]);

/** The base as a live stream of low latency under way. */
const LIVE = `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:1
#EXT-X-PART-INF:PART-TARGET=0.4
#EXT-X-SERVER-CONTROL:PART-HOLD-BACK=1.2
#EXT-X-MAP:URI="tracks/base/init.mp4"
#EXTINF:0.4,
tracks/base/segments/0.m4s
#EXTINF:0.4,
tracks/base/segments/1.m4s
#EXTINF:0.4,
tracks/base/segments/2.m4s
`;

type Log = readonly string[];

describe("the media element", () => {
	let harness: PlayerHarness;

	beforeAll(async () => {
		const { files } = await makeFixtureStream({
			...{ pictures: testPictures(48, 32, FRAMES), frameRate: FRAME_RATE, segmentFrames: 10, qualities: [36] },
		});
		const parts = ["init.mp4", ...[0, 1, 2].map((i) => `segments/${i}.m4s`)];
		const bytes = parts.map((part) => files.get(`tracks/base/${part}`) ?? new Uint8Array());
		files.set("base.mp4", Buffer.concat(bytes));
		files.set("live.m3u8", new TextEncoder().encode(LIVE));
		// Two minutes in segments of 2 s, a picture a second.
		const slow = testPictures(48, 32, 120).map((picture, i) => ({ ...picture, timestamp: i * 1e6, duration: 1e6 }));
		const long = await makeFixtureStream({ frameRate: 1, segmentFrames: 2, pictures: slow, qualities: [] });
		const mounts = { "/stream/": files, "/long/": long.files };
		harness = await PlayerHarness.start({ mounts, frameRate: FRAME_RATE });
	});

	afterAll(() => harness?.close());
	afterEach(() => {
		harness.server.headers = {};
		harness.server.intercept = undefined;
		harness.server.requests.length = 0;
	});

	/** Both elements, ours as `#v`, the native one as `#n`. */
	const openBoth = (attributes = "") =>
		harness.open(
			`<crescendo-video id="v" muted enhancement="off" ${attributes}></crescendo-video><video id="n" muted ${attributes}></video>`,
		);

	it("has every property and method of <video>, with the values of a fresh one", async () => {
		await openBoth();
		const differences = await harness.page.evaluate(
			(skipped) => {
				const ours = document.querySelector("#v") as unknown as Record<string, unknown>;
				const native = document.querySelector("#n") as unknown as Record<string, unknown>;
				const names = new Set<string>();
				for (let p = HTMLVideoElement.prototype; p !== HTMLElement.prototype; p = Object.getPrototypeOf(p)) {
					for (const name of Object.getOwnPropertyNames(p)) names.add(name);
				}
				const show = (value: unknown) =>
					typeof value === "function" || (typeof value === "object" && value !== null)
						? typeof value
						: `${typeof value} ${String(value)}`;
				return [...names]
					.filter((name) => !skipped.includes(name))
					.map((name) => [name, show(ours[name]), show(native[name])])
					.filter(([, a, b]) => a !== b);
			},
			[...OTHERWISE],
		);
		expect(differences).toEqual([]);
	});

	it("reflects attributes as <video> does, whatever is in them", async () => {
		await openBoth();
		const differences = await harness.page.evaluate(() => {
			const cases: [string, string, (string | null)[]][] = [
				["poster", "poster", ["", "a.png", "/b c.png", "https://edge.test/x.png", null]],
				["crossorigin", "crossOrigin", ["", "anonymous", "use-credentials", "USE-CREDENTIALS", "bogus", null]],
				["preload", "preload", ["", "none", "metadata", "auto", "NONE", "bogus", null]],
				["loop", "loop", ["", "loop", "false", null]],
				["autoplay", "autoplay", ["", "autoplay", null]],
				["controls", "controls", ["", "x", null]],
				["playsinline", "playsInline", ["", "x", null]],
				["muted", "defaultMuted", ["", "x", null]],
				["disablepictureinpicture", "disablePictureInPicture", ["", "x", null]],
			];
			const ours = document.querySelector("#v") as Element & Record<string, unknown>;
			const native = document.querySelector("#n") as Element & Record<string, unknown>;
			const found: unknown[] = [];
			const compare = (what: string, property: string) => {
				const [a, b] = [ours[property], native[property]];
				if (a !== b) found.push([what, a, b]);
			};
			for (const [attribute, property, values] of cases) {
				for (const value of values) {
					for (const element of [ours, native]) {
						if (value === null) element.removeAttribute(attribute);
						else element.setAttribute(attribute, value);
					}
					compare(`${attribute}=${value}`, property);
				}
				for (const value of ["metadata", true, "", null]) {
					// As a script does it: set the property, read the attribute.
					(ours as Record<string, unknown>)[property] = value;
					(native as Record<string, unknown>)[property] = value;
					compare(`${property} = ${value}`, property);
					const [a, b] = [ours.getAttribute(attribute), native.getAttribute(attribute)];
					if (a !== b) found.push([`${property} = ${value}, attribute`, a, b]);
				}
				ours.removeAttribute(attribute);
				native.removeAttribute(attribute);
			}
			return found;
		});
		expect(differences).toEqual([]);
		expect(
			await harness.element((v) => {
				v.setAttribute("src", "../stream/none.m3u8");
				return new URL(v.src).pathname;
			}),
		).toBe("/stream/none.m3u8");
	});

	/** Does the same with both, and gives what each fired and said. */
	const compare = async (act: (v: HTMLVideoElement) => Promise<unknown>, attributes = "") => {
		await openBoth(attributes);
		const run = (selector: string, src: string): Promise<{ log: Log; said: unknown }> =>
			harness.page.evaluate(
				async ({ selector: id, src: address, code }) => {
					const v = document.querySelector(id) as HTMLVideoElement;
					const log: string[] = [];
					for (const type of [
						...[
							"loadstart",
							"durationchange",
							"loadedmetadata",
							"loadeddata",
							"canplay",
							"play",
							"playing",
						],
						...["pause", "seeking", "seeked", "ratechange", "volumechange", "ended", "emptied", "error"],
					]) {
						v.addEventListener(type, (event) => {
							// State first, then the event: the handler must see what it is told of. Nothing else: a machine
							// that is busy may have played on to the end by then.
							const told: Record<string, unknown> = {
								...{ play: v.paused, pause: v.paused, ended: v.ended, seeked: v.seeking },
								...{ loadedmetadata: v.readyState > 0, error: v.error?.code },
							};
							const own = event.target === v && !event.bubbles;
							const line = [type, own, told[type]].join(" ");
							// A machine that is busy starves both now and then: they say so, and that they go on.
							const again = type === "canplay" || type === "playing";
							if (!log.some((other) => (again ? other.startsWith(type) : other === line))) log.push(line);
						});
					}
					const ready = new Promise((resolve) => v.addEventListener("canplay", resolve, { once: true }));
					v.src = address;
					await ready;
					const body = new Function("v", `return (${code})(v)`) as (v: HTMLVideoElement) => Promise<unknown>;
					return { log, said: await body(v) };
				},
				{ selector, src, code: act.toString() },
			);
		const native = await run("#n", "/stream/base.mp4");
		const ours = await run("#v", "/stream/master.m3u8");
		return { ours, native };
	};
	/** hls.js and the native player learn of the length in their own time, and buffer in their own way. */
	const afterLoading = (log: Log) =>
		log
			.slice(log.findIndex((line) => line.startsWith("canplay ")))
			.filter((line) => !/^(?:canplay|durationchange) /.test(line));

	it("fires the events of a play-through in the order of <video>, with the state that they tell of", async () => {
		const { ours, native } = await compare(async (v) => {
			v.playbackRate = 4;
			await v.play();
			await new Promise((resolve) => v.addEventListener("ended", resolve, { once: true }));
			return [v.ended, v.paused, v.currentTime === v.duration, Math.round(v.duration * 10)];
		});
		expect(afterLoading(ours.log)).toEqual(afterLoading(native.log));
		expect(ours.said).toEqual(native.said);
		// hls.js may learn of the length in two steps, and then says so twice.
		const loading = [...new Set(ours.log.map((line) => line.split(" ")[0]))].slice(0, 5);
		expect(loading).toEqual(["loadstart", "durationchange", "loadedmetadata", "loadeddata", "canplay"]);
	});

	it("seeks, pauses, changes rate and volume as <video> does", async () => {
		const { ours, native } = await compare(async (v) => {
			const once = (type: string) => new Promise((resolve) => v.addEventListener(type, resolve, { once: true }));
			// As slow as can be: nothing below may come too late for the end.
			const slow = once("ratechange");
			v.playbackRate = 0.0625;
			await slow;
			const seeked = once("seeked");
			v.currentTime = 0.1;
			const during = [v.seeking, v.currentTime];
			await seeked;
			const played = once("playing");
			await v.play();
			await played;
			const paused = once("pause");
			v.pause();
			await paused;
			const rate = once("ratechange");
			v.playbackRate = 0.5;
			await rate;
			const volume = once("volumechange");
			v.volume = 0.25;
			await volume;
			const muted = once("volumechange");
			v.muted = false;
			await muted;
			return [during, v.playbackRate, v.volume, v.muted, v.seeking, v.paused, v.defaultPlaybackRate];
		});
		expect(afterLoading(ours.log)).toEqual(afterLoading(native.log));
		expect(ours.said).toEqual(native.said);
	});

	it("loops as <video> does: the playhead jumps, and nothing ends", async () => {
		const { ours, native } = await compare(async (v) => {
			v.loop = true;
			v.playbackRate = 4;
			await v.play();
			await new Promise((resolve) => v.addEventListener("seeked", resolve, { once: true }));
			const paused = new Promise((resolve) => v.addEventListener("pause", resolve, { once: true }));
			v.pause();
			await paused;
			return [v.ended, v.paused];
		});
		for (const { log, said } of [ours, native]) {
			const types = new Set(log.map((line) => line.split(" ")[0]));
			expect([types.has("seeking"), types.has("seeked"), types.has("ended")]).toEqual([true, true, false]);
			expect(said).toEqual([false, true]);
		}
	});

	it("plays what play() is asked for in the same task as its source, whatever preload says", async () => {
		await harness.open(`<crescendo-video id="v" muted preload="none" enhancement="off"></crescendo-video>`);
		const playAt = (frames: number) =>
			harness.element((v, number) => {
				v.src = `/stream/master.m3u8?${number}`;
				void v.play();
			}, frames);
		// The second time there is a source already.
		for (const number of [1, 2]) {
			await playAt(number);
			await harness.until((wanted) => {
				const v = document.querySelector("crescendo-video");
				return v?.currentSrc.endsWith(`?${wanted}`) && v.played.length > 0;
			}, number);
		}
		expect(await harness.element((v) => [v.preload, v.error])).toEqual(["none", null]);
		// What is no other source takes nothing back.
		const outcomes = await harness.page.evaluate(async () => {
			const said: string[] = [];
			for (const next of ["enters the document", "is moved", "is told to preload"]) {
				const v = document.createElement("crescendo-video");
				Object.assign(v, { muted: true, enhancement: "off" });
				if (next !== "enters the document") document.body.prepend(v);
				v.src = "/stream/master.m3u8";
				const played = v.play().then(
					() => "plays",
					({ name }: DOMException) => name,
				);
				if (next === "is told to preload") v.preload = "auto";
				else document.body.append(v);
				said.push(`${next}: ${await played}`);
				v.remove();
			}
			return said;
		});
		expect(outcomes).toEqual(["enters the document: plays", "is moved: plays", "is told to preload: plays"]);
	});

	it("takes back a play() whose script has not come yet, and tells of both at once", async () => {
		const held = Promise.withResolvers<void>();
		harness.server.intercept = async (path) => {
			if (/\/hls-[^/]*\.js$/.test(path)) await held.promise;
			return undefined;
		};
		await harness.open(
			`<crescendo-video id="v" muted enhancement="off" src="/stream/master.m3u8"></crescendo-video>`,
		);
		const taken = await harness.element(async (v) => {
			const outcome = (played: Promise<void>) =>
				played.then(
					() => "played",
					({ name }: DOMException) => name,
				);
			const said: unknown[] = [];
			for (const leave of [
				() => v.pause(),
				() => (v.src = "/stream/master.m3u8?other"),
				() => v.load(),
				() => v.remove(),
			]) {
				const played = outcome(v.play());
				said.push(v.paused);
				leave();
				said.push(await played, v.paused);
			}
			// Outside a document nothing is loaded.
			said.push(await outcome(v.play()));
			document.body.append(v);
			return said;
		});
		const once = [false, "AbortError", true];
		expect(taken).toEqual([...once, ...once, ...once, ...once, "AbortError"]);
		held.resolve();
		await harness.until(() => (document.querySelector("crescendo-video")?.readyState ?? 0) >= 3);
		expect(await harness.element((v) => [v.paused, v.played.length])).toEqual([true, 0]);
		// The same address again is a load of its own.
		const again = await harness.element(async (v) => {
			const emptied = new Promise((resolve) => v.addEventListener("emptied", resolve, { once: true }));
			const loaded = new Promise((resolve) => v.addEventListener("loadeddata", resolve, { once: true }));
			v.src = v.getAttribute("src") ?? "";
			await Promise.all([emptied, loaded]);
			return v.error;
		});
		expect(again).toBeNull();
	});

	it("buffers one second before it is played, and then half a minute: not whatever there is", async () => {
		await harness.open(
			`<crescendo-video id="v" muted enhancement="off" src="/long/master.m3u8"></crescendo-video>`,
		);
		const asked = () => harness.server.requests.filter((path) => /^\/long\/.*\/\d+\.m4s$/.test(path)).length;
		/** Time for many segments more, on a machine that is not busy: on any other the test sees less, and nothing wrong. */
		const pause = () => harness.page.waitForTimeout(500);
		await harness.until(() => (document.querySelector("crescendo-video")?.readyState ?? 0) >= 2);
		await pause();
		expect(asked()).toBe(1);
		await harness.element((v) => v.play());
		await harness.until(() => {
			const v = document.querySelector("crescendo-video");
			return v && v.buffered.length > 0 && v.buffered.end(v.buffered.length - 1) - v.currentTime >= 28;
		});
		await pause();
		const segments = asked();
		// The last of them was asked for while less than 30 s lay ahead of the playhead.
		const position = await harness.element((v) => v.currentTime);
		expect(segments).toBeLessThanOrEqual(Math.floor((position + 30) / 2) + 1);
	});

	it("leaves the stream to the system where scripts cannot feed a video, and asks for nothing itself", async () => {
		const init = "delete window.MediaSource; delete window.ManagedMediaSource;";
		await harness.open(`<crescendo-video id="v" muted></crescendo-video>`, { init });
		await harness.element((v) => void (v.src = "/stream/master.m3u8"));
		await harness.until(() => document.querySelector("crescendo-video")?.nativeEl.src.endsWith("/master.m3u8"));
		expect(await harness.element((v) => v.enhancementReason)).toBe("browser-incapable");
		expect(harness.server.requests.filter((path) => /\/hls-/.test(path))).toEqual([]);
	});

	it("tells of the rates that were chosen, and of none at which a live stream is caught up with", async () => {
		await harness.open(
			`<crescendo-video id="v" muted enhancement="off" src="/stream/live.m3u8"></crescendo-video>`,
		);
		await harness.until(() => (document.querySelector("crescendo-video")?.readyState ?? 0) >= 1);
		const told = await harness.element(async (v) => {
			const rates: number[] = [];
			v.addEventListener("ratechange", () => rates.push(v.playbackRate));
			const native = v.nativeEl;
			/** Until the event of the native element has been fired for what `act` does. */
			const changing = async (act: () => void) => {
				const changed = new Promise((resolve) =>
					native.addEventListener("ratechange", resolve, { once: true }),
				);
				act();
				await changed;
			};
			// As hls.js does it, back and forth; at rates that it does not choose itself.
			for (const rate of [1.23, 1, 1.23]) await changing(() => (native.playbackRate = rate));
			const hidden = v.playbackRate;
			await changing(() => (v.playbackRate = 0.5));
			await changing(() => (v.playbackRate = 2));
			await changing(() => (v.defaultPlaybackRate = 3));
			return [hidden, rates];
		});
		expect(told).toEqual([1, [0.5, 2, 2]]);
	});

	it("plays by itself only where <video> may", async () => {
		// A browser that wants a gesture before there is sound.
		const strict = await launchBrowser({ flags: ["--autoplay-policy=user-gesture-required"] });
		try {
			harness.pages.set(
				"gesture.html",
				new TextEncoder()
					.encode(`<!doctype html><title>Gesture</title><script type="module" src="/player.js"></script>
					<crescendo-video id="v" src="/stream/master.m3u8" enhancement="off"></crescendo-video><video id="n" src="/stream/base.mp4"></video>
					<script type="module">
						const play = (id) => document.querySelector(id).play().then(() => "plays", ({ name }) => name);
						console.log("said", ...(await Promise.all(["#v", "#n"].map(play))));
					</script>`),
			);
			const page = await strict.newPage();
			// Whatever a test evaluates in a page counts as a gesture: the page says it by itself.
			const said = page.waitForEvent("console", { predicate: (message) => message.text().startsWith("said") });
			await page.goto(`${harness.server.origin}/pages/gesture.html`);
			expect((await said).text()).toBe("said NotAllowedError NotAllowedError");
			const muted = await page.evaluate(() =>
				Promise.all(
					["#v", "#n"].map((id) => {
						const media = document.querySelector(id) as HTMLVideoElement;
						media.muted = true;
						return media.play().then(() => media.paused);
					}),
				),
			);
			expect(muted).toEqual([false, false]);
		} finally {
			await strict.close();
		}
	});

	it("takes what was set before it was defined", async () => {
		harness.pages.set(
			"early.html",
			new TextEncoder().encode(`<!doctype html><title>Early</title><crescendo-video id="v"></crescendo-video>
				<script>
					const v = document.querySelector("#v");
					Object.assign(v, { src: "/stream/master.m3u8", muted: true, loop: true, volume: 0.5, playbackRate: 2, enhancement: "off", backend: "wasm", debug: true });
				</script>
				<script type="module" src="/player.js"></script>`),
		);
		await harness.open("");
		await harness.page.goto(`${harness.server.origin}/pages/early.html`);
		await harness.until(() => (document.querySelector("crescendo-video")?.readyState ?? 0) >= 1);
		const seen = await harness.element((v) => [
			...[v.getAttribute("src"), v.muted, v.hasAttribute("loop"), v.volume, v.playbackRate],
			...[v.getAttribute("enhancement"), v.getAttribute("backend"), v.hasAttribute("debug")],
			...["src", "volume", "enhancement", "backend", "debug"].map((name) => Object.hasOwn(v, name)),
		]);
		const own = [false, false, false, false, false];
		expect(seen).toEqual(["/stream/master.m3u8", true, true, 0.5, 2, "off", "wasm", true, ...own]);
	});

	it("runs several to a page, each with a stream and a state of its own, and leaves no globals", async () => {
		const one = (id: string) => video("", "/stream/master.m3u8").replace('id="v"', `id="${id}" enhancement="off"`);
		await harness.open(one("v") + one("w") + one("x"));
		await harness.until(() =>
			[...document.querySelectorAll("crescendo-video")].every(({ readyState }) => readyState >= 2),
		);
		const seen = await harness.page.evaluate(async () => {
			const [v, w, x] = [...document.querySelectorAll("crescendo-video")];
			if (!v || !w || !x) return [];
			w.currentTime = 0.5;
			await new Promise((resolve) => w.addEventListener("seeked", resolve, { once: true }));
			await v.play();
			const frame = document.createElement("iframe");
			document.body.append(frame);
			const plain = new Set(Object.getOwnPropertyNames(frame.contentWindow));
			const added = Object.getOwnPropertyNames(window).filter(
				(name) => !plain.has(name) && Number.isNaN(Number(name)),
			);
			return [v.paused, w.paused, x.currentTime, w.currentTime, added.toSorted()];
		});
		// `events` is the test's own; the elements' ids are the browser's.
		expect(seen).toEqual([false, true, 0, 0.5, ["events"]]);
	});

	it("works under a strict Content-Security-Policy", async () => {
		await harness.open("");
		const { page, server } = harness;
		harness.pages.set(
			"strict.html",
			new TextEncoder().encode(
				`<!doctype html><title>Strict</title><script type="module" src="/player.js"></script>${video('enhancement="force"')}`,
			),
		);
		server.headers = {
			"Content-Security-Policy":
				"default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; media-src blob:",
		};
		await page.addInitScript(() => {
			const violations: string[] = [];
			Object.assign(window, { violations });
			document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => {
				violations.push(`${effectiveDirective} ${blockedURI}`);
			});
		});
		await page.goto(`${server.origin}/pages/strict.html`);
		await harness.standOn(3);
		await harness.waitForPicture();
		const violations = await page.evaluate(() => (window as unknown as { violations: string[] }).violations);
		expect(violations).toEqual([]);
	});
});
