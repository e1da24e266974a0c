/**
 * What a stack tells others about itself, in its data folder. `secrets.json` is made once and kept for the life of the
 * folder; `stack.json` is there while the stack runs, for scripts, tests and the bench. For local stacks only, and
 * readable by their owner alone.
 */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
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

/** The folder's secrets; random ones on its first use. */
export function keepOrMakeSecrets(dataDir: string): StackSecrets {
	const file = join(dataDir, "secrets.json");
	if (existsSync(file)) return secretsOf(JSON.parse(readFileSync(file, "utf8")), file);
	const made = {
		admin: { email: ADMIN_EMAIL, password: randomBytes(12).toString("base64url") },
		jwtSecret: randomBytes(32).toString("base64url"),
	};
	writeWhole(file, made);
	return made;
}

export function writeStackFile(dataDir: string, info: StackInfo): void {
	writeWhole(stackFileIn(dataDir), info);
}

/** Safe to call twice. */
export function removeStackFile(dataDir: string): void {
	rmSync(stackFileIn(dataDir), { force: true });
}

/** Null when no stack runs on this folder. (After a killed runner it says where one ran.) */
export function readStackFile(dataDir: string): StackInfo | null {
	const file = stackFileIn(dataDir);
	if (!existsSync(file)) return null;
	const info: unknown = JSON.parse(readFileSync(file, "utf8"));
	return {
		...secretsOf(info, file),
		apiUrl: textOf(info, "apiUrl", file),
		databaseUrl: textOf(info, "databaseUrl", file),
		redisUrl: textOf(info, "redisUrl", file),
	};
}

function stackFileIn(dataDir: string): string {
	return join(dataDir, "stack.json");
}

function writeWhole(file: string, content: object): void {
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
	if (typeof text !== "string" || text === "") throw new Error(`${file} has no ${name}: delete the folder it is in to start anew`);
	return text;
}
