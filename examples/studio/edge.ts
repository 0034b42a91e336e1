/** What the Studio asks the edge that serves it. */

/** An asset in the list. */
export type ListedAsset = {
	readonly id: string;
	readonly title?: string;
	readonly state: "uploading" | "complete";
	readonly width: number;
	readonly height: number;
	readonly durationSeconds: number;
	readonly enhancements: number;
	readonly urls: { readonly watch: string };
};

/** A token for one upload. The edge gives these to its own Studio in development only. */
export const uploadToken = async (assetId: string | undefined): Promise<string> => {
	const response = await fetch("/studio/upload-token", {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify(assetId === undefined ? {} : { asset: assetId }),
	});
	if (!response.ok) {
		throw new Error(`The edge gives no upload token (${response.status}). Is it started with CRESCENDO_STUDIO=1?`);
	}
	const { token } = (await response.json()) as { token: string };
	return token;
};

/** The newest assets that can be watched. */
export const listAssets = async (): Promise<readonly ListedAsset[]> => {
	const response = await fetch("/v1/assets?limit=24", { headers: { accept: "application/json" } });
	if (!response.ok) {
		throw new Error(`The list of videos answers ${response.status}.`);
	}
	const { assets } = (await response.json()) as { assets: readonly ListedAsset[] };
	return assets.filter(({ durationSeconds }) => durationSeconds > 0);
};
