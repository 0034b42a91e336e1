/**
 * Loaded into the processes of wrangler before anything else (`--import`): where the process that owns them is gone, however it
 * ended, they end too, with their whole group. Without it a killed test run or `npm start` would leave a runtime behind
 * that holds its port and its store.
 */
const owner = Number(process.env["CRESCENDO_OWNER"]);

/** How soon an orphan notices. */
const LOOK_MS = 500;

function isThere(pid: number): boolean {
	try {
		return process.kill(pid, 0);
	} catch (error) {
		// EPERM: it is there and somebody else's.
		return error instanceof Error && "code" in error && error.code === "EPERM";
	}
}

setInterval(() => {
	// 0 is the group of this process. Nobody is left for whom to end gently; what the store has written is kept.
	if (!isThere(owner)) process.kill(0, "SIGKILL");
}, LOOK_MS).unref();
