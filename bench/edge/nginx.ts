import { spawn } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { freePort } from "./runtime.ts";

/** nginx with one worker process, serving a folder. Debian's package: `apt-get install nginx-light`. */
export const startNginx = async (
	folder: string,
	files: ReadonlyMap<string, Uint8Array>,
): Promise<{ url: string; pid: number; stop: () => Promise<void> } | undefined> => {
	for (const [name, bytes] of files) {
		await mkdir(dirname(join(folder, "www", name)), { recursive: true });
		await writeFile(join(folder, "www", name), bytes);
	}
	const port = await freePort();
	await writeFile(
		join(folder, "nginx.conf"),
		`daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log; user root;
		events { worker_connections 512; }
		http {
			access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000;
			client_body_temp_path ${folder}/t1; proxy_temp_path ${folder}/t2; fastcgi_temp_path ${folder}/t3;
			uwsgi_temp_path ${folder}/t4; scgi_temp_path ${folder}/t5;
			types { video/mp4 m4s mp4; }
			server {
				listen 127.0.0.1:${port}; root ${folder}/www;
				add_header Cache-Control "public, max-age=31536000, immutable";
				add_header Access-Control-Allow-Origin "*";
			}
		}`,
	);
	const child = spawn("nginx", ["-c", join(folder, "nginx.conf"), "-p", folder], { stdio: "ignore" });
	const failed = new Promise<"failed">((resolve) => {
		child.once("error", () => resolve("failed"));
		child.once("exit", () => resolve("failed"));
	});
	const url = `http://127.0.0.1:${port}`;
	for (let attempt = 0; attempt < 50; attempt++) {
		const answered = await Promise.race([
			fetch(url).then(
				() => "answered" as const,
				() => "silent" as const,
			),
			failed,
		]);
		if (answered === "failed") return undefined;
		if (answered === "answered") break;
		await new Promise((resolve) => {
			setTimeout(resolve, 100);
		});
	}
	const stop = async (): Promise<void> => {
		child.kill("SIGTERM");
		await failed;
	};
	return { url, pid: await workerOf(child.pid ?? 0), stop };
};

const workerOf = async (master: number): Promise<number> => {
	for (const name of await readdir("/proc")) {
		if (!/^\d+$/.test(name)) continue;
		const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
		if (Number(/\) \S (\d+)/.exec(stat)?.[1]) === master) return Number(name);
	}
	throw new Error("nginx has no worker process");
};
