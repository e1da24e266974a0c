/**
 * Passwords, kept as scrypt hashes in PHC strings: `$scrypt$ln=17,r=8,p=1$<salt>$<hash>`, base64 without padding.
 * Cost: OWASP Password Storage Cheat Sheet, first scrypt choice (N=2^17, r=8, p=1): 128 MiB and some 0.3 s a hash.
 */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { limitConcurrency } from "./limit-concurrency.ts";

type Cost = { readonly logN: number; readonly r: number; readonly p: number };

const COST: Cost = { logN: 17, r: 8, p: 1 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** A hash of our cost takes 128 MiB and a little; one that asks for more is refused by scrypt. */
const MEMORY_MAX_BYTES = 192 * 1024 * 1024;
/** Replaces the salt when the user does not exist. */
const UNKNOWN_USER_SALT = Buffer.alloc(SALT_BYTES);

/**
 * Two at once for the whole process, since memory and cores are the process's: 256 MiB at most, and a core is left for
 * everybody else. 64 waiting are 10 s at most; further ones are refused with `QueueFull`.
 */
const inTurn = limitConcurrency({ runningMax: 2, waitingMax: 64 });

/** Hash a new password with a salt of its own; twice the same password gives two different strings. Throws `QueueFull` when too many wait. */
export async function hashPassword(password: string): Promise<string> {
	const salt = randomBytes(SALT_BYTES);
	const hash = await derive(password, salt, COST);
	return `$scrypt$ln=${COST.logN},r=${COST.r},p=${COST.p}$${unpadded(salt)}$${unpadded(hash)}`;
}

/** `rehash`: the password is right, but its hash was made at another cost than today's; store a new one. */
export type PasswordVerdict = { readonly matches: boolean; readonly rehash: boolean };

/**
 * Compare a password with a stored hash, in a time that does not depend on where they differ. Give `null` when there
 * is no such user: it takes as long and never matches, so that the answer does not tell who has an account. Throws
 * `QueueFull` when too many wait, and when the stored text is no hash of ours: that would be a broken row.
 */
export async function verifyPassword(password: string, stored: string | null): Promise<PasswordVerdict> {
	if (stored === null) {
		await derive(password, UNKNOWN_USER_SALT, COST);
		return { matches: false, rehash: false };
	}
	const { cost, salt, hash } = parsePhc(stored);
	const matches = timingSafeEqual(hash, await derive(password, salt, cost));
	return { matches, rehash: matches && (cost.logN !== COST.logN || cost.r !== COST.r || cost.p !== COST.p) };
}

function derive(password: string, salt: Buffer, cost: Cost): Promise<Buffer> {
	const options = { N: 2 ** cost.logN, r: cost.r, p: cost.p, maxmem: MEMORY_MAX_BYTES };
	// One person types é as one character, another's keyboard as two: the same password all the same.
	const text = password.normalize("NFKC");
	return inTurn(
		() =>
			new Promise((resolve, reject) => {
				scrypt(text, salt, HASH_BYTES, options, (error, hash) => (error ? reject(error) : resolve(hash)));
			}),
	);
}

const PHC = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{16,86})\$([A-Za-z0-9+/]{43})$/;

function parsePhc(text: string): { cost: Cost; salt: Buffer; hash: Buffer } {
	const [, logN, r, p, salt, hash] = PHC.exec(text) ?? [];
	if (salt === undefined || hash === undefined) throw new Error("a stored password is no scrypt PHC string");
	const cost = { logN: Number(logN), r: Number(r), p: Number(p) };
	return { cost, salt: Buffer.from(salt, "base64"), hash: Buffer.from(hash, "base64") };
}

function unpadded(bytes: Buffer): string {
	return bytes.toString("base64").replace(/=+$/, "");
}
