/**
 * Hashes and verifies passwords with scrypt. A hash is stored as a PHC string, `$scrypt$ln=17,r=8,p=1$<salt>$<hash>`, in base64 without
 * padding. The cost is the first scrypt choice of the OWASP Password Storage Cheat Sheet (N=2^17, r=8, p=1): 128 MiB and about 0.3 s per
 * hash.
 */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { limitConcurrency } from "./limit-concurrency.ts";

/** The fewest characters of a new password. Characters are counted as Unicode code points. */
export const PASSWORD_MIN_CHARS = 8;
/** The most characters of a new password. */
export const PASSWORD_MAX_CHARS = 128;

type Cost = { readonly logN: number; readonly r: number; readonly p: number };

const COST: Cost = { logN: 17, r: 8, p: 1 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** A hash with `COST` takes slightly more than 128 MiB. Node's scrypt refuses a stored cost that needs more than this. */
const MEMORY_MAX_BYTES = 192 * 1024 * 1024;
/** Used as the salt when the user does not exist. */
const UNKNOWN_USER_SALT = Buffer.alloc(SALT_BYTES);

/**
 * Runs at most two derivations at a time in this process: they take 256 MiB, and leave CPU time for other requests. 64 waiting
 * derivations take 10 s; further ones are refused with `QueueFull`.
 */
const inTurn = limitConcurrency({ runningMax: 2, waitingMax: 64 });

/** `matches`: the password is right. `rehash`: it is right, but its hash has another cost; the caller should store a new hash. */
export type PasswordVerdict = { readonly matches: boolean; readonly rehash: boolean };

export type Passwords = {
	/** Hashes a new password with a random salt, so that two hashes of the same password differ. Throws `QueueFull` if too many wait. */
	hash(password: string): Promise<string>;
	/**
	 * Compares a password with a stored hash, in constant time. Pass `null` if the user does not exist: the call then takes as long and does
	 * not match, so that the response time does not reveal who has an account. Throws `QueueFull` if too many wait, and an `Error` if
	 * `stored` is not a valid hash.
	 */
	verify(password: string, stored: string | null): Promise<PasswordVerdict>;
};

/** Returns the functions for passwords. `logN` is the base-2 logarithm of scrypt's N, for tests that sign in often; default 17. */
export function createPasswords({ logN = COST.logN }: { readonly logN?: number } = {}): Passwords {
	const current: Cost = { ...COST, logN };
	return {
		async hash(password) {
			const salt = randomBytes(SALT_BYTES);
			const hash = await derive(password, salt, current);
			return `$scrypt$ln=${current.logN},r=${current.r},p=${current.p}$${unpadded(salt)}$${unpadded(hash)}`;
		},
		async verify(password, stored) {
			if (stored === null) {
				await derive(password, UNKNOWN_USER_SALT, current);
				return { matches: false, rehash: false };
			}
			const { cost, salt, hash } = parsePhc(stored);
			const matches = timingSafeEqual(hash, await derive(password, salt, cost));
			return { matches, rehash: matches && (cost.logN !== current.logN || cost.r !== current.r || cost.p !== current.p) };
		},
	};
}

function derive(password: string, salt: Buffer, cost: Cost): Promise<Buffer> {
	const options = { N: 2 ** cost.logN, r: cost.r, p: cost.p, maxmem: MEMORY_MAX_BYTES };
	// Some keyboards enter é as one character and others as two. NFKC makes them equal.
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
	if (salt === undefined || hash === undefined) throw new Error("a stored password hash is not a scrypt PHC string");
	const cost = { logN: Number(logN), r: Number(r), p: Number(p) };
	return { cost, salt: Buffer.from(salt, "base64"), hash: Buffer.from(hash, "base64") };
}

function unpadded(bytes: Buffer): string {
	return bytes.toString("base64").replace(/=+$/, "");
}
