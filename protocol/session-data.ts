/**
 * `DATA-ID`s of the `EXT-X-SESSION-DATA` of a master playlist whose `URI`, relative to the playlist, is a file as it is
 * (`FORMAT=RAW`): what a player shows around the video.
 */

/** A picture to show before playback: JPEG, PNG, WebP or AVIF. */
export const POSTER_DATA_ID = "video.crescendo.poster";

/** WebVTT that names a small picture for every stretch of time, with its rectangle in the fragment: `#xywh=0,0,160,90`. */
export const STORYBOARD_DATA_ID = "video.crescendo.storyboard";
