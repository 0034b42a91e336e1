/** Rate-distortion curves as a small SVG: rate on a logarithmic axis, quality in dB. */

/** One encoder's curve. */
export interface Curve {
	readonly title: string;
	readonly points: readonly { readonly rate: number; readonly quality: number }[];
}

const WIDTH = 560;
const HEIGHT = 380;
const MARGIN = { left: 52, right: 14, top: 34, bottom: 46 };
const COLOURS = ["#d6336c", "#1c7ed6", "#2f9e44", "#e8590c", "#868e96", "#495057"];

/** The picture, as text. The first curve is drawn strongest. */
export function drawCurves(title: string, unit: string, curves: readonly Curve[]): string {
	const all = curves.flatMap((curve) => curve.points);
	const rates = all.map(({ rate }) => Math.log10(rate));
	const qualities = all.map(({ quality }) => quality);
	const x = scale(Math.min(...rates), Math.max(...rates), MARGIN.left, WIDTH - MARGIN.right);
	const y = scale(Math.min(...qualities), Math.max(...qualities), HEIGHT - MARGIN.bottom, MARGIN.top);
	const parts = [
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11">`,
		`<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
		`<text x="${MARGIN.left}" y="20" font-size="14">${escape(title)}</text>`,
		...rateTicks(Math.min(...rates), Math.max(...rates)).map((rate) => {
			const at = x(Math.log10(rate)).toFixed(1);
			return (
				`<path d="M${at} ${MARGIN.top}V${HEIGHT - MARGIN.bottom}" stroke="#e9ecef"/>` +
				`<text x="${at}" y="${HEIGHT - MARGIN.bottom + 16}" text-anchor="middle">${rate}</text>`
			);
		}),
		...qualityTicks(Math.min(...qualities), Math.max(...qualities)).map((quality) => {
			const at = y(quality).toFixed(1);
			return (
				`<path d="M${MARGIN.left} ${at}H${WIDTH - MARGIN.right}" stroke="#e9ecef"/>` +
				`<text x="${MARGIN.left - 6}" y="${Number(at) + 4}" text-anchor="end">${quality}</text>`
			);
		}),
		`<text x="${(WIDTH + MARGIN.left) / 2}" y="${HEIGHT - 10}" text-anchor="middle">kbit/s</text>`,
		`<text x="14" y="${HEIGHT / 2}" text-anchor="middle" transform="rotate(-90 14 ${HEIGHT / 2})">${escape(unit)}</text>`,
		...curves.map((curve, i) => drawCurve(curve, i, x, y)),
		"</svg>",
	];
	return `${parts.join("\n")}\n`;
}

function drawCurve({ title, points }: Curve, index: number, x: Scale, y: Scale): string {
	const colour = COLOURS[index % COLOURS.length] ?? "#000";
	const sorted = points.toSorted((a, b) => a.rate - b.rate);
	const places = sorted.map(({ rate, quality }) => `${x(Math.log10(rate)).toFixed(1)} ${y(quality).toFixed(1)}`);
	const [labelX, labelY] = [WIDTH - MARGIN.right - 176, HEIGHT - MARGIN.bottom - 92 + index * 15];
	return [
		`<path d="M${places.join("L")}" fill="none" stroke="${colour}" stroke-width="${index === 0 ? 2.5 : 1.4}"/>`,
		...places.map((place) => {
			const [cx, cy] = place.split(" ");
			return `<circle cx="${cx}" cy="${cy}" r="${index === 0 ? 3.2 : 2.2}" fill="${colour}"/>`;
		}),
		`<path d="M${labelX} ${labelY}h18" stroke="${colour}" stroke-width="2"/>`,
		`<text x="${labelX + 24}" y="${labelY + 4}">${escape(title)}</text>`,
	].join("\n");
}

type Scale = (value: number) => number;

function scale(from: number, to: number, a: number, b: number): Scale {
	const range = to - from || 1;
	return (value) => a + ((value - from) / range) * (b - a);
}

/** 1, 2, 5, 10, ... within the range of logarithms. */
function rateTicks(from: number, to: number): number[] {
	const ticks: number[] = [];
	for (let power = Math.floor(from); power <= to; power++) {
		for (const digit of [1, 2, 5]) {
			const log = power + Math.log10(digit);
			if (log >= from && log <= to) ticks.push(Number((digit * 10 ** power).toPrecision(3)));
		}
	}
	return ticks;
}

function qualityTicks(from: number, to: number): number[] {
	const step = to - from > 16 ? 4 : to - from > 8 ? 2 : 1;
	const ticks: number[] = [];
	for (let value = Math.ceil(from / step) * step; value <= to; value += step) ticks.push(value);
	return ticks;
}

function escape(text: string): string {
	return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
