import { describe, expect, it } from "vitest";
import { parseStoryboard } from "./storyboard.ts";

const URL_OF_FILE = "https://edge.test/p/token/v1/assets/a/storyboard.vtt";

describe("storyboard", () => {
	it("is pictures with times and absolute addresses that keep the token", () => {
		const text = [
			"WEBVTT",
			"",
			"00:00:00.000 --> 00:00:02.000",
			"storyboard/ab/0#xywh=0,0,160,90",
			"",
			"1:00:02.500 --> 1:00:04.000 align:start",
			"https://other.test/b.jpg#xywh=160,0,160,90",
			"",
			"00:04.000 --> 00:06.000",
			"storyboard/ab/2#xywh=0,0,160,90",
			"",
		];
		const wanted = [
			{
				start: 0,
				end: 2,
				url: "https://edge.test/p/token/v1/assets/a/storyboard/ab/0#xywh=0,0,160,90",
			},
			{ start: 3602.5, end: 3604, url: "https://other.test/b.jpg#xywh=160,0,160,90" },
			{ start: 4, end: 6, url: "https://edge.test/p/token/v1/assets/a/storyboard/ab/2#xywh=0,0,160,90" },
		];
		expect(parseStoryboard(text.join("\n"), URL_OF_FILE)).toEqual(wanted);
		expect(parseStoryboard(text.join("\r\n"), URL_OF_FILE)).toEqual(wanted);
	});

	it("leaves out whatever is no picture: words, other schemes, times that run backwards", () => {
		const cue = (times: string, body: string) => parseStoryboard(`WEBVTT\n\n${times}\n${body}\n`, URL_OF_FILE);
		const times = "00:00:01.000 --> 00:00:02.000";
		expect(cue(times, "Words")).toEqual([]);
		expect(cue(times, "a.jpg")).toEqual([]);
		expect(cue(times, "javascript:alert(1)#xywh=0,0,1,1")).toEqual([]);
		expect(cue("00:00:02.000 --> 00:00:01.000", "a.jpg#xywh=0,0,1,1")).toEqual([]);
		expect(cue("99999:00:01.000 --> 99999:00:02.000", "a.jpg#xywh=0,0,1,1")).toEqual([]);
		expect(parseStoryboard("<!doctype html>", URL_OF_FILE)).toEqual([]);
	});
});
