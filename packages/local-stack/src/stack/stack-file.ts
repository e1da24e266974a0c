/**
 * `stack.json` in a data folder: where a stack answers and the secrets it was given, for scripts, tests and the bench.
 * For local stacks only, readable by its owner alone. The secrets are made once and kept for the life of the folder.
 */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export type StackSecrets = {
	readonly admin: { readonly email: string; readonly password: string };
	/** Signs access tokens. */
	readonly jwtSecret: string;
};

export type StackInfo = StackSecrets & {
	/** Origin, without a path: `http://127.0.0.1:4000`. */
	readonly apiUrl: string;
	readonly databaseUrl: string;
	readonly redisUrl: string;
};

const ADMIN_EMAIL = "admin@example.com";
const OWNER_ONLY = 0o600;

/** Null when there is none. Throws when it is not what this module writes. */
export function readStackFile(dataDir: string): StackInfo | null {
	const file = fileIn(dataDir);
	if (!existsSync(file)) return null;
	const value: unknown = JSON.parse(readFileSync(file, "utf8"));
	const admin = fieldOf(value, "admin");
	return {
		apiUrl: textOf(value, "apiUrl", file),
		databaseUrl: textOf(value, "databaseUrl", file),
		redisUrl: textOf(value, "redisUrl", file),
		admin: { email: textOf(admin, "email", file), password: textOf(admin, "password", file) },
		jwtSecret: textOf(value, "jwtSecret", file),
	};
}

export function writeStackFile(dataDir: string, info: StackInfo): void {
	const file = fileIn(dataDir);
	writeFileSync(`${file}.new`, `${JSON.stringify(info, null, "\t")}\n`, { mode: OWNER_ONLY });
	renameSync(`${file}.new`, file);
}

/** The folder's secrets, or new random ones. */
export function keepOrMakeSecrets(dataDir: string): StackSecrets {
	const kept = readStackFile(dataDir);
	if (kept !== null) return { admin: kept.admin, jwtSecret: kept.jwtSecret };
	return {
		admin: { email: ADMIN_EMAIL, password: randomBytes(12).toString("base64url") },
		jwtSecret: randomBytes(32).toString("base64url"),
	};
}

function fileIn(dataDir: string): string {
	return join(dataDir, "stack.json");
}

function fieldOf(value: unknown, name: string): unknown {
	return Object.entries(value ?? {}).find(([key]) => key === name)?.[1];
}

function textOf(value: unknown, name: string, file: string): string {
	const text = fieldOf(value, name);
	if (typeof text !== "string" || text === "") throw new Error(`${file} has no ${name}: delete the folder it is in to start anew`);
	return text;
}
