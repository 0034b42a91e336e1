/** ISO/IEC 23091-2 code points; 2 is "unspecified". */
export type ColourSpace = {
	readonly primaries: number;
	readonly transfer: number;
	readonly matrix: number;
	readonly fullRange: boolean;
};

type TrackCommon = {
	/** RFC 6381 codec string: `avc1.42c01e`, `vp09.00.10.08`, `av01.0.00M.08`, `mp4a.40.2`, `opus`, `sve1.01`. */
	readonly codec: string;
};

/** The low-resolution stream, complete in itself. */
export type BaseTrack = TrackCommon & {
	readonly kind: "base";
	readonly width: number;
	readonly height: number;
	/** `avcC`, `vpcC` or `av1C` payload, without the box header. */
	readonly description: Uint8Array;
	readonly colour: ColourSpace;
};

/** The full-resolution stream; needs the base's pictures. `description` is the `sveC` payload (SPEC section 8). */
export type EnhancementTrack = TrackCommon & {
	readonly kind: "enhancement";
	readonly width: number;
	readonly height: number;
	/** Nominal quality of inter frames, 0..63. */
	readonly q: number;
	/** 32 lower-case hex digits. */
	readonly modelId: string;
	readonly description: Uint8Array;
};

export type AudioTrack = TrackCommon & {
	readonly kind: "audio";
	readonly sampleRate: number;
	readonly channels: number;
	/** AudioSpecificConfig (AAC) or `dOps` payload (Opus). */
	readonly description: Uint8Array;
};

export type Track = BaseTrack | EnhancementTrack | AudioTrack;
