/** A value of a day. */
export type DayValue = { readonly day: string; readonly value: number };

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 360;
const HEIGHT = 80;
const BAR = 9;

/** The last `count` days, today last, with the values that there are and 0 for the others. */
export const fillDays = (values: readonly DayValue[], count: number, today: number): DayValue[] => {
	const known = new Map(values.map(({ day, value }) => [day, value]));
	return Array.from({ length: count }, (_, index) => {
		const day = new Date(today - (count - 1 - index) * 86_400_000).toISOString().slice(0, 10);
		return { day, value: known.get(day) ?? 0 };
	});
};

/** Bars, one for each day, in a figure with its title and its largest value. `format` puts values into words. */
export const barPlot = (title: string, days: readonly DayValue[], format: (value: number) => string): HTMLElement => {
	const largest = Math.max(0, ...days.map(({ value }) => value));
	const svg = document.createElementNS(SVG, "svg");
	svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
	svg.setAttribute("preserveAspectRatio", "none");
	svg.setAttribute("role", "img");
	svg.setAttribute("aria-label", `${title}: at most ${format(largest)} a day`);
	const step = WIDTH / days.length;
	for (const [index, { day, value }] of days.entries()) {
		const height = largest === 0 ? 0 : (HEIGHT * value) / largest;
		const bar = document.createElementNS(SVG, "rect");
		bar.setAttribute("x", String(index * step + (step - Math.min(BAR, step - 1)) / 2));
		bar.setAttribute("y", String(HEIGHT - height));
		bar.setAttribute("width", String(Math.min(BAR, step - 1)));
		bar.setAttribute("height", String(height));
		const label = document.createElementNS(SVG, "title");
		label.textContent = `${day}: ${format(value)}`;
		bar.append(label);
		svg.append(bar);
	}
	const axis = document.createElement("div");
	axis.className = "axis";
	axis.append(spanOf(days[0]?.day ?? ""), spanOf(days.at(-1)?.day ?? ""));
	return figure(title, `at most ${format(largest)}`, svg, axis);
};

/** Names with their numbers, the largest first. */
export const ranking = (title: string, counts: Readonly<Record<string, number>>): HTMLElement => {
	const list = document.createElement("ol");
	for (const [name, count] of Object.entries(counts).toSorted(([, left], [, right]) => right - left)) {
		const item = document.createElement("li");
		item.append(spanOf(name), spanOf(String(count)));
		list.append(item);
	}
	return figure(title, list.childElementCount === 0 ? "none" : "", list);
};

const figure = (title: string, note: string, ...content: readonly Element[]): HTMLElement => {
	const element = document.createElement("figure");
	const caption = document.createElement("figcaption");
	caption.append(spanOf(title), spanOf(note));
	element.append(caption, ...content);
	return element;
};

const spanOf = (content: string): HTMLElement => {
	const element = document.createElement("span");
	element.textContent = content;
	return element;
};
