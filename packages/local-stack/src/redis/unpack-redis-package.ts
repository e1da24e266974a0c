/**
 * Downloads Debian's Redis package and unpacks it into the cache folder, once. The package `redis-tools` has the server binary under
 * the name redis-check-rdb: one binary acts as the server or as the checker, depending on the name it is started with. A symbolic
 * link named redis-server makes it the server. The libraries that the binary needs are unpacked into the same folder.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runTool } from "../process/run-tool.ts";
import { CACHE_FOLDER } from "../repository.ts";

/** A Redis server binary. */
export type RedisServer = {
	/** Absolute path of the binary. */
	readonly command: string;
	/** The environment variables that the binary needs. */
	readonly env: NodeJS.ProcessEnv;
};

const PACKAGE = "redis-tools";

/**
 * Resolves to the unpacked server. Rejects when the package cannot be downloaded or does not run. Safe to call from several processes
 * at once: each unpacks its own copy, and the first one to finish is kept.
 */
export async function unpackRedisPackage(): Promise<RedisServer> {
	const target = join(CACHE_FOLDER, "redis");
	const found = serverIn(target);
	if (found !== null) return found;
	mkdirSync(CACHE_FOLDER, { recursive: true });
	const work = mkdtempSync(join(CACHE_FOLDER, "redis-"));
	const downloads = mkdtempSync(join(tmpdir(), "holdfast-apt-"));
	try {
		await downloadPackages(downloads);
		for (const file of readdirSync(downloads).filter((name) => name.endsWith(".deb"))) {
			await runTool("dpkg-deb", ["-x", join(downloads, file), work]);
		}
		symlinkSync("redis-check-rdb", join(work, "usr/bin/redis-server"));
		const server = serverIn(work);
		if (server === null) throw new Error("the package redis-tools has no redis-check-rdb");
		await runTool(server.command, ["--version"], { env: server.env });
		if (serverIn(target) === null) {
			rmSync(target, { recursive: true, force: true });
			renameSync(work, target);
		}
	} catch (error) {
		if (serverIn(target) === null) throw error;
	} finally {
		rmSync(work, { recursive: true, force: true });
		rmSync(downloads, { recursive: true, force: true });
	}
	const server = serverIn(target);
	if (server === null) throw new Error(`no redis-server found in ${target}`);
	return server;
}

async function downloadPackages(folder: string): Promise<void> {
	try {
		await downloadWith([], folder);
	} catch {
		// The package lists of the system are missing or outdated. Download private lists: this needs no root and leaves the system as is.
		const options = privateAptFolders(join(folder, "apt"));
		await runTool("apt-get", [...options, "update"], { cwd: folder });
		await downloadWith(options, folder);
	}
}

async function downloadWith(options: readonly string[], folder: string): Promise<void> {
	const depends = await runTool("apt-cache", [...options, "depends", "--no-suggests", PACKAGE]);
	const libraries = Array.from(depends.matchAll(/^\s*Depends: ((?:lib|lua)\S+)$/gm), ([, name = ""]) => name);
	// The C library must be the one of the running system.
	const needed = libraries.filter((name) => name !== "libc6");
	await runTool("apt-get", [...options, "download", PACKAGE, ...needed], { cwd: folder });
}

function privateAptFolders(folder: string): string[] {
	mkdirSync(join(folder, "lists/partial"), { recursive: true });
	mkdirSync(join(folder, "cache/archives/partial"), { recursive: true });
	const settings = {
		"Dir::State": folder,
		"Dir::State::lists": join(folder, "lists"),
		"Dir::State::status": "/var/lib/dpkg/status",
		"Dir::Cache": join(folder, "cache"),
		"Debug::NoLocking": "1",
	};
	return Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

function serverIn(folder: string): RedisServer | null {
	const command = join(folder, "usr/bin/redis-server");
	if (!existsSync(command)) return null;
	const libraries = readdirSync(join(folder, "usr/lib"), { withFileTypes: true })
		.filter((entry) => entry.isDirectory() && entry.name.includes("-linux-"))
		.map((entry) => join(folder, "usr/lib", entry.name));
	return { command, env: { LD_LIBRARY_PATH: libraries.join(":") } };
}
