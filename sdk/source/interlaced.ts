/** Bits of an RBSP, most significant first; reading beyond the end gives zeros. */
class Bits {
	readonly #bytes: Uint8Array;
	#at = 0;

	/** @param unit payload of a NAL unit, with its emulation prevention bytes (H.264 section 7.4.1). */
	constructor(unit: Uint8Array) {
		this.#bytes = unit.filter((byte, i) => !(byte === 3 && i >= 2 && unit[i - 1] === 0 && unit[i - 2] === 0));
	}

	u(count: number): number {
		let value = 0;
		for (let i = 0; i < count; i++, this.#at++) {
			value = value * 2 + (((this.#bytes[this.#at >> 3] ?? 0) >> (7 - (this.#at & 7))) & 1);
		}
		return value;
	}

	/** ue(v); more than 32 zeros are nothing that a stream has. */
	ue(): number {
		let zeros = 0;
		while (zeros < 32 && this.u(1) === 0) {
			zeros += 1;
		}
		return 2 ** zeros - 1 + this.u(zeros);
	}

	/** se(v). */
	se(): number {
		const code = this.ue();
		return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
	}
}

/** Profiles whose parameter set has the fields of the high profiles (H.264 section 7.3.2.1.1). */
const HIGH = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

const skipScalingList = (bits: Bits, size: number): void => {
	let last = 8;
	for (let i = 0, next = 8; i < size && next !== 0; i++) {
		next = (last + bits.se() + 256) % 256;
		last = next === 0 ? last : next;
	}
};

/** Whether a sequence parameter set (with its NAL header) allows fields: frame_mbs_only_flag is 0. */
const allowsFields = (unit: Uint8Array): boolean => {
	const bits = new Bits(unit.subarray(1));
	const profile = bits.u(8);
	bits.u(16); // constraint flags, level_idc
	bits.ue(); // seq_parameter_set_id
	if (HIGH.has(profile)) {
		const chroma = bits.ue();
		if (chroma === 3) {
			bits.u(1); // separate_colour_plane_flag
		}
		bits.ue(); // bit_depth_luma_minus8
		bits.ue(); // bit_depth_chroma_minus8
		bits.u(1); // qpprime_y_zero_transform_bypass_flag
		if (bits.u(1) === 1) {
			for (let list = 0; list < (chroma === 3 ? 12 : 8); list++) {
				if (bits.u(1) === 1) {
					skipScalingList(bits, list < 6 ? 16 : 64);
				}
			}
		}
	}
	bits.ue(); // log2_max_frame_num_minus4
	const order = bits.ue();
	if (order === 0) {
		bits.ue(); // log2_max_pic_order_cnt_lsb_minus4
	} else if (order === 1) {
		bits.u(1); // delta_pic_order_always_zero_flag
		bits.se(); // offset_for_non_ref_pic
		bits.se(); // offset_for_top_to_bottom_field
		const cycle = Math.min(255, bits.ue());
		for (let i = 0; i < cycle; i++) {
			bits.se(); // offset_for_ref_frame
		}
	}
	bits.ue(); // max_num_ref_frames
	bits.u(1); // gaps_in_frame_num_value_allowed_flag
	bits.ue(); // pic_width_in_mbs_minus1
	bits.ue(); // pic_height_in_map_units_minus1
	return bits.u(1) === 0;
};

/**
 * Whether H.264 is coded with fields, by its AVC decoder configuration record (ISO/IEC 14496-15 section 5.3.3.1.2). Browsers weave the two
 * fields into one picture, and what moves gets combs.
 */
export const isInterlaced = (record: Uint8Array): boolean => {
	if (record[0] !== 1 || record.length < 8 || ((record[5] ?? 0) & 31) === 0) {
		return false;
	}
	const length = ((record[6] ?? 0) << 8) | (record[7] ?? 0);
	const unit = record.subarray(8, 8 + length);
	return unit.length > 4 && unit.length === length && allowsFields(unit);
};
