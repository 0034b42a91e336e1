/** Where tensors lie between the operations of a graph: lines of pixels, the planes of one line after the other. */

/** Bytes of a pixel: two channels of 16 bits, or one of 32. */
const PIXEL_BYTES = 4;

/** Rows above and below, which kernels read beyond the picture: zeros, or repeated edges. */
const MARGIN_ROWS = 2;

/** Pixels left of the first one. */
const MARGIN_PIXELS = 4;

/** Bytes that the last vector of the last line may reach beyond it. */
const OVERHANG_BYTES = 64;

/** Planes of a tensor: pairs of integer channels, or float channels. */
export type Geometry = { readonly planes: number; readonly height: number; readonly width: number };

/** Memory for one tensor, or for several that are joined. */
export class RowStorage {
	readonly geometry: Geometry;
	/** From a plane's line to the next plane's: a line holds whole vectors, and four pixels between it and the next. */
	readonly planeBytes: number;
	/** From a row to the next. */
	readonly rowBytes: number;
	readonly bytes: number;
	/** Set before each run. */
	address = 0;

	constructor(geometry: Geometry) {
		this.geometry = geometry;
		this.planeBytes = (4 * Math.ceil(geometry.width / 4) + MARGIN_PIXELS) * PIXEL_BYTES;
		this.rowBytes = geometry.planes * this.planeBytes;
		this.bytes = (geometry.height + 2 * MARGIN_ROWS) * this.rowBytes + MARGIN_PIXELS * PIXEL_BYTES + OVERHANG_BYTES;
	}

	/** Address of a plane's first pixel. */
	pointer(plane: number): number {
		return this.address + MARGIN_ROWS * this.rowBytes + MARGIN_PIXELS * PIXEL_BYTES + plane * this.planeBytes;
	}
}

/** A tensor in its storage: as many planes from `plane` on as its channels take. */
export type Rows = { readonly storage: RowStorage; readonly plane: number };

/** The three numbers by which kernels are told of a tensor: pointer, bytes of a row, bytes of a plane. */
export function placeOf({ storage, plane }: Rows): readonly [number, number, number] {
	return [storage.pointer(plane), storage.rowBytes, storage.planeBytes];
}

/** Fills what lies around the pixels with zeros, for a convolution that reads them: whatever lay there before may have left something. */
export function clearMargins(
	memory: WebAssembly.Memory,
	{ geometry, rowBytes, planeBytes, address }: RowStorage,
): void {
	const { planes, height, width } = geometry;
	const words = new Int32Array(memory.buffer);
	const first = (address + MARGIN_PIXELS * PIXEL_BYTES) / PIXEL_BYTES;
	const [row, line] = [rowBytes / PIXEL_BYTES, planeBytes / PIXEL_BYTES];
	const top = first + MARGIN_ROWS * row;
	words.fill(0, first - MARGIN_PIXELS, top);
	for (let end = top + width, i = 0; i < height * planes; i++, end += line)
		for (let at = end; at < end + line - width; at++) words[at] = 0;
	words.fill(0, top + height * row, first + (height + 2 * MARGIN_ROWS) * row);
}
