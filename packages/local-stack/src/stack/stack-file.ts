/**
 * Two files in the data folder of a stack. `secrets.json` is created once and never changes. `stack.json` exists while the stack
 * runs and has its URLs and secrets, for scripts, tests and the bench. Only for local stacks; only the owner can read the files.
 */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The secrets of a data folder. */
export type StackSecrets = {
	readonly admin: { readonly email: string; readonly password: string };
	/** The key that signs access tokens. */
	readonly jwtSecret: string;
};

/** The URLs and secrets of a running stack. */
export type StackInfo = StackSecrets & {
	/** Origin, without a path: `http://127.0.0.1:4000`. */
	readonly apiUrl: string;
	/** As the role of the application. */
	readonly databaseUrl: string;
	/** As the role that owns the tables and runs the migrations. */
	readonly databaseOwnerUrl: string;
	readonly redisUrl: string;
};

const ADMIN_EMAIL = "admin@example.com";
const OWNER_ONLY = 0o600;

/** Returns the secrets of the folder; creates random ones on the first call. */
export function readOrCreateSecrets(dataDir: string): StackSecrets {
	const file = join(dataDir, "secrets.json");
	if (existsSync(file)) return secretsOf(JSON.parse(readFileSync(file, "utf8")), file);
	const secrets = {
		admin: { email: ADMIN_EMAIL, password: randomBytes(12).toString("base64url") },
		jwtSecret: randomBytes(32).toString("base64url"),
	};
	writeAtomically(file, secrets);
	return secrets;
}

/** Writes `stack.json`, or replaces it. */
export function writeStackFile(dataDir: string, info: StackInfo): void {
	writeAtomically(stackFileIn(dataDir), info);
}

/** Deletes `stack.json`. Safe to call twice. */
export function removeStackFile(dataDir: string): void {
	rmSync(stackFileIn(dataDir), { force: true });
}

/**
 * Returns the content of `stack.json`, or null when no stack runs on this folder. After a killed runner it returns the data of the
 * killed stack. Throws when the file is not valid.
 */
export function readStackFile(dataDir: string): StackInfo | null {
	const file = stackFileIn(dataDir);
	if (!existsSync(file)) return null;
	const info: unknown = JSON.parse(readFileSync(file, "utf8"));
	const databaseUrl = textOf(info, "databaseUrl", file);
	return {
		...secretsOf(info, file),
		apiUrl: textOf(info, "apiUrl", file),
		databaseUrl,
		// Files of earlier versions have one URL for both.
		databaseOwnerUrl: fieldOf(info, "databaseOwnerUrl") === undefined ? databaseUrl : textOf(info, "databaseOwnerUrl", file),
		redisUrl: textOf(info, "redisUrl", file),
	};
}

function stackFileIn(dataDir: string): string {
	return join(dataDir, "stack.json");
}

function writeAtomically(file: string, content: object): void {
	writeFileSync(`${file}.new`, `${JSON.stringify(content, null, "\t")}\n`, { mode: OWNER_ONLY });
	renameSync(`${file}.new`, file);
}

function secretsOf(value: unknown, file: string): StackSecrets {
	const admin = fieldOf(value, "admin");
	return {
		admin: { email: textOf(admin, "email", file), password: textOf(admin, "password", file) },
		jwtSecret: textOf(value, "jwtSecret", file),
	};
}

function fieldOf(value: unknown, name: string): unknown {
	return Object.entries(value ?? {}).find(([key]) => key === name)?.[1];
}

function textOf(value: unknown, name: string, file: string): string {
	const text = fieldOf(value, name);
	if (typeof text !== "string" || text === "")
		throw new Error(`${file} has no ${name}. Delete the folder that contains it to start with an empty system.`);
	return text;
}
