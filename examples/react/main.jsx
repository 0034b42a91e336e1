import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Uploader } from "./uploader.jsx";

/** Replace the endpoint by the address of your edge, and the token by what your server gives (examples/token-server). */
const options = {
	endpoint: import.meta.env.VITE_ENDPOINT ?? "http://localhost:8787",
	token: async ({ assetId }) => {
		const response = await fetch("/upload-token", {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify({ assetId }),
		});
		return (await response.json()).token;
	},
};

createRoot(document.getElementById("root")).render(
	<StrictMode>
		<Uploader options={options} />
	</StrictMode>,
);
