/**
 * Response bodies that never change: a seat plan, the OpenAPI document. They are compressed once, not per response. Bodies that change
 * with every hold, such as a seat map, are not compressed: each version would be compressed for a few readers.
 */
import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { promisify } from "node:util";
import { gzip, zstdCompress } from "node:zlib";
import { limitConcurrency, QueueFull } from "@holdfast/runtime";
import { CODINGS, type Coding, chooseCoding } from "./choose-coding.ts";
import { findMatch } from "./showtimes/if-none-match.ts";

/** Shorter bodies fit into one packet as they are. */
export const COMPRESSED_FROM_BYTES = 1_024;
/**
 * Bodies that are compressed at the same time, in a thread each (85 ms for a plan of 50,000 seats). Node has four threads, and two hash
 * passwords. A request that would have to wait gets its body uncompressed.
 */
const COMPRESSIONS_MAX = 1;

const runCompression = limitConcurrency({ runningMax: COMPRESSIONS_MAX, waitingMax: 0 });
const COMPRESS = { gzip: promisify(gzip), zstd: promisify(zstdCompress) } satisfies Record<Coding, (bytes: Buffer) => Promise<Buffer>>;

/** A body, and its compressed forms as far as they were requested. */
export type ConstantBody = { readonly bytes: Buffer; readonly hash: string; readonly coded: Map<Coding, Promise<Buffer>> };

/** Returns the body with this text. */
export function constantBody(text: string): ConstantBody {
	const bytes = Buffer.from(text);
	return { bytes, hash: createHash("sha256").update(bytes).digest("base64url").slice(0, 22), coded: new Map() };
}

/** `bytes` null: the answer is 304. The headers belong to both answers. */
export type EncodedAnswer = {
	readonly bytes: Buffer | null;
	readonly headers: { readonly etag: string; readonly vary: string; readonly "content-encoding"?: Coding };
};

/**
 * Returns the answer to a request with these headers, in the best coding that the client accepts. Each coding has a strong entity tag of
 * its own, and `If-None-Match` may name any of them.
 */
export async function encodeFor(headers: IncomingHttpHeaders, body: ConstantBody): Promise<EncodedAnswer> {
	const wanted = body.bytes.length < COMPRESSED_FROM_BYTES ? null : chooseCoding(headers["accept-encoding"]?.toString());
	const matched = findMatch(headers["if-none-match"], [tagOf(body, wanted), ...[null, ...CODINGS].map((coding) => tagOf(body, coding))]);
	const vary = "Accept-Encoding";
	if (matched !== null) return { bytes: null, headers: { etag: matched, vary } };
	const coded = wanted && (await compressOnce(body, wanted));
	if (wanted === null || coded === null) return { bytes: body.bytes, headers: { etag: tagOf(body, null), vary } };
	return { bytes: coded, headers: { etag: tagOf(body, wanted), vary, "content-encoding": wanted } };
}

const tagOf = ({ hash }: ConstantBody, coding: Coding | null): string => `"${hash}${coding === null ? "" : `-${coding}`}"`;

/** Returns the compressed bytes, or null if too many other bodies are being compressed. A later request then tries again. */
async function compressOnce(body: ConstantBody, coding: Coding): Promise<Buffer | null> {
	let coded = body.coded.get(coding);
	if (coded === undefined) {
		coded = runCompression(() => COMPRESS[coding](body.bytes));
		body.coded.set(coding, coded);
		coded.catch(() => body.coded.delete(coding));
	}
	try {
		return await coded;
	} catch (error) {
		if (error instanceof QueueFull) return null;
		throw error;
	}
}
