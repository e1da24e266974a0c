/**
 * The refresh token: 16 bytes that name its family and 32 bytes of secret, 64 characters in base64url. To its holder it is
 * opaque. Postgres keeps SHA-256 of the secret and not scrypt: a slow hash protects what people can guess, and nobody
 * guesses one of 2^256; it would only make every refresh cost a third of a second.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";

export type RefreshToken = { readonly familyId: string; readonly secret: Buffer };

const FAMILY_BYTES = 16;
const SECRET_BYTES = 32;
const TOKEN = /^[A-Za-z0-9_-]{64}$/;

export const newSecret = (): Buffer => randomBytes(SECRET_BYTES);
export const newSalt = (): string => randomBytes(SECRET_BYTES).toString("base64url");

export function formatRefreshToken({ familyId, secret }: RefreshToken): string {
	return Buffer.concat([Buffer.from(familyId.replaceAll("-", ""), "hex"), secret]).toString("base64url");
}

/** Null for what was never one of our tokens. */
export function parseRefreshToken(text: string): RefreshToken | null {
	if (!TOKEN.test(text)) return null;
	const bytes = Buffer.from(text, "base64url");
	const hex = bytes.toString("hex", 0, FAMILY_BYTES);
	const familyId = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
	return { familyId, secret: bytes.subarray(FAMILY_BYTES) };
}

export const hashOf = (secret: Buffer): string => createHash("sha256").update(secret).digest("base64url");

/** In a time that does not depend on where they differ. */
export function hasHash(secret: Buffer, hash: string): boolean {
	const expected = Buffer.from(hash, "base64url");
	const actual = Buffer.from(hashOf(secret), "base64url");
	return expected.length === actual.length && timingSafeEqual(expected, actual);
}

/**
 * The secret that follows this one. As good as random to whoever lacks either part, and the same again for whoever has
 * both: its holder, who asks a second time, and the row with the salt. So the row need not keep it.
 */
export const successorOf = (secret: Buffer, salt: string): Buffer => createHmac("sha256", secret).update(salt).digest();
