/**
 * Quality of the base for an enhancement of quality `q`: the finer the enhancement, the finer the base, because what the base
 * already holds the enhancement need not code. Straight lines; the bounds are H.264's usable range. Over a sweep of offsets the
 * total at equal full-size quality is flat from here to 5 further; this end of the plateau looks best where only the base plays.
 */
const line = (at0: number, q: number): number => Math.min(Math.max(Math.round((at0 - 0.22 * q) * 10) / 10, 12), 44);

/** For WebCodecs encoders: a quantiser on H.264's scale, 0..51. */
export const baseCrfFor = (q: number): number => line(41, q);

/** For `FfmpegBaseEncoder`: x264's crf. Without adaptive quantisation a crf is about 2 dB finer than with it, hence the difference. */
export const x264CrfFor = (q: number): number => line(43.7, q);
