/**
 * The script for pages without a bundler: `<script type="module" src="https://video.example.com/uploader.js"></script>` defines
 * `<crescendo-uploader>`, whose edge is the script's own origin unless the attribute `endpoint` says otherwise.
 */
import { CrescendoUploaderElement, defineUploader } from "./element/crescendo-uploader.ts";

CrescendoUploaderElement.defaultEndpoint = new URL(import.meta.url).origin;
defineUploader();

export * from "./index.ts";
