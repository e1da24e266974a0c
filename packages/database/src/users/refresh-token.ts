/**
 * The refresh token, opaque to its holder: 16 bytes that name its family, 4 of generation, 32 of secret and 32 of MAC, 112 characters
 * in base64url. Two proofs, for two questions:
 *
 * - May it be used now? Postgres keeps SHA-256 of the current secret. Not scrypt: a slow hash protects what people can guess, and
 *   nobody guesses one of 2^256; it would only make every refresh cost a third of a second.
 * - Was it ever issued? The MAC, under a key of the family, answers for every token of the family, however old. An attacker who knows
 *   the family's id, which every access token carries, cannot make one. A reader of the database can, but not the current secret.
 *
 * Tokens issued before there were MACs have family and secret only, 64 characters; their hash is their one proof.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** `seal` is null in a token from before MACs. */
export type RefreshToken = {
	readonly familyId: string;
	readonly secret: Buffer;
	readonly seal: { readonly generation: number; readonly mac: Buffer } | null;
};

const FAMILY_BYTES = 16;
const GENERATION_BYTES = 4;
const SECRET_BYTES = 32;
const MAC_BYTES = 32;
const SEALED_BYTES = FAMILY_BYTES + GENERATION_BYTES + SECRET_BYTES + MAC_BYTES;
// Both lengths are multiples of 3 bytes, so each token has one spelling in base64url.
const TOKEN = /^([A-Za-z0-9_-]{64}|[A-Za-z0-9_-]{112})$/;

/** A random secret. */
export const newSecret = (): Buffer => randomBytes(SECRET_BYTES);
/** A random salt for `successorOf`, as text. */
export const newSalt = (): string => randomBytes(SECRET_BYTES).toString("base64url");

/** The token as its holder gets it, sealed with the family's key. */
export function formatRefreshToken(
	{ familyId, generation, secret }: { familyId: string; generation: number; secret: Buffer },
	macKey: string,
): string {
	const body = bodyOf(familyId, generation, secret);
	return Buffer.concat([body, macOf(body, macKey)]).toString("base64url");
}

/** The parts of a token, or null when the text has not the shape of one. Proves nothing yet. */
export function parseRefreshToken(text: string): RefreshToken | null {
	if (!TOKEN.test(text)) return null;
	const bytes = Buffer.from(text, "base64url");
	const hex = bytes.toString("hex", 0, FAMILY_BYTES);
	const familyId = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
	if (bytes.length !== SEALED_BYTES) return { familyId, secret: bytes.subarray(FAMILY_BYTES), seal: null };
	const secretFrom = FAMILY_BYTES + GENERATION_BYTES;
	const macFrom = secretFrom + SECRET_BYTES;
	return {
		familyId,
		secret: bytes.subarray(secretFrom, macFrom),
		seal: { generation: bytes.readUInt32BE(FAMILY_BYTES), mac: bytes.subarray(macFrom) },
	};
}

/** Whether the family's key sealed this token as it is: family, generation and secret. Takes the same time for every MAC. */
export function hasValidSeal({ familyId, secret, seal }: RefreshToken, macKey: string): boolean {
	return seal !== null && timingSafeEqual(macOf(bodyOf(familyId, seal.generation, secret), macKey), seal.mac);
}

/** SHA-256 of a secret, as Postgres keeps it. */
export const hashOf = (secret: Buffer): string => createHash("sha256").update(secret).digest("base64url");

/** Whether the secret has this hash, in a time that does not depend on where they differ. */
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

/** What the MAC is made over. */
function bodyOf(familyId: string, generation: number, secret: Buffer): Buffer {
	const number = Buffer.alloc(GENERATION_BYTES);
	number.writeUInt32BE(generation);
	return Buffer.concat([Buffer.from(familyId.replaceAll("-", ""), "hex"), number, secret]);
}

const macOf = (body: Buffer, macKey: string): Buffer => createHmac("sha256", macKey).update(body).digest();
