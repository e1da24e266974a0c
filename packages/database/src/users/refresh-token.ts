/**
 * Formats, parses and verifies refresh tokens. A token is opaque to clients: 16 bytes of family id, 4 of generation, 32 of secret and 32 of
 * MAC, 112 characters in base64url. It contains two proofs:
 *
 * - The secret proves that the token is current. Postgres stores the SHA-256 of the current secret. A slow hash such as scrypt would
 *   protect guessable passwords; a secret of 256 random bits cannot be guessed, and scrypt would add a third of a second to every refresh.
 * - The MAC, with a key of the family, proves that the token was issued, however long ago. An attacker who knows the family id, which every
 *   access token carries, cannot compute the MAC. An attacker who reads the database can, but still lacks the current secret.
 *
 * Tokens from before MACs existed contain only family id and secret, 64 characters. The stored hash is their only proof.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** The parts of a token. `seal` holds what the MAC protects in addition, and the MAC; it is null in a token from before MACs existed. */
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
// Both lengths are multiples of 3 bytes, so each token has exactly one representation in base64url.
const TOKEN = /^([A-Za-z0-9_-]{64}|[A-Za-z0-9_-]{112})$/;

/** Returns a random secret for the first token of a family. */
export const newSecret = (): Buffer => randomBytes(SECRET_BYTES);
/** Returns a random salt for `successorOf`, as text. */
export const newSalt = (): string => randomBytes(SECRET_BYTES).toString("base64url");

/** Returns the text of a token for the client, with a MAC under the key of the family. */
export function formatRefreshToken(
	{ familyId, generation, secret }: { familyId: string; generation: number; secret: Buffer },
	macKey: string,
): string {
	const body = bodyOf(familyId, generation, secret);
	return Buffer.concat([body, macOf(body, macKey)]).toString("base64url");
}

/** Returns the parts of a token, or null when the text does not have the format of a token. Verifies neither secret nor MAC. */
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

/** Returns whether the MAC of the token matches its family, generation and secret. Takes the same time for every MAC. */
export function hasValidSeal({ familyId, secret, seal }: RefreshToken, macKey: string): boolean {
	return seal !== null && timingSafeEqual(macOf(bodyOf(familyId, seal.generation, secret), macKey), seal.mac);
}

/** Returns the SHA-256 of a secret in base64url, as Postgres stores it. */
export const hashOf = (secret: Buffer): string => createHash("sha256").update(secret).digest("base64url");

/** Returns whether the secret has this hash. The time does not depend on where they differ. */
export function hasHash(secret: Buffer, hash: string): boolean {
	const expected = Buffer.from(hash, "base64url");
	const actual = Buffer.from(hashOf(secret), "base64url");
	return expected.length === actual.length && timingSafeEqual(expected, actual);
}

/**
 * Derives the next secret from the current one and a salt. Without either part the result looks random. With both, a repeated request gets
 * the same result: the client sends the secret again, and the row holds the salt. So the row does not have to store the next secret.
 */
export const successorOf = (secret: Buffer, salt: string): Buffer => createHmac("sha256", secret).update(salt).digest();

/** Returns the bytes that the MAC covers. */
function bodyOf(familyId: string, generation: number, secret: Buffer): Buffer {
	const number = Buffer.alloc(GENERATION_BYTES);
	number.writeUInt32BE(generation);
	return Buffer.concat([Buffer.from(familyId.replaceAll("-", ""), "hex"), number, secret]);
}

const macOf = (body: Buffer, macKey: string): Buffer => createHmac("sha256", macKey).update(body).digest();
