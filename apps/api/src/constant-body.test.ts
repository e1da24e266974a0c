import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { COMPRESSED_FROM_BYTES, constantBody, encodeFor } from "./constant-body.ts";

const TEXT = "The Third Man. ".repeat(1_000);
const encoded = (accepted: string, body = constantBody(TEXT)) => encodeFor({ "accept-encoding": accepted }, body);

describe("encodeFor", () => {
	it("returns the body in the coding that the client accepts, with a strong tag of its own", async () => {
		const [plain, gzip, zstd] = [await encodeFor({}, constantBody(TEXT)), await encoded("gzip"), await encoded("gzip, zstd")];
		expect(plain.bytes?.toString()).toBe(TEXT);
		expect(gunzipSync(gzip.bytes ?? "").toString()).toBe(TEXT);
		expect(zstdDecompressSync(zstd.bytes ?? "").toString()).toBe(TEXT);
		expect(plain.headers).toEqual({ etag: expect.stringMatching(/^"[\w-]{22}"$/), vary: "Accept-Encoding" });
		const tagOf = (coding: string) => plain.headers.etag.replace(/"$/, `-${coding}"`);
		expect(gzip.headers).toEqual({ etag: tagOf("gzip"), vary: "Accept-Encoding", "content-encoding": "gzip" });
		expect(zstd.headers).toEqual({ etag: tagOf("zstd"), vary: "Accept-Encoding", "content-encoding": "zstd" });
	});

	it("compresses a body once for all its readers", async () => {
		const body = constantBody(TEXT);
		const answers = await Promise.all(Array.from({ length: 20 }, () => encoded("gzip", body)));
		answers.push(await encoded("gzip", body));
		expect(new Set(answers.map(({ bytes }) => bytes)).size).toBe(1);
		expect(answers[0]?.headers["content-encoding"]).toBe("gzip");
	});

	it("returns a body uncompressed while another is being compressed, and compressed to the next request", async () => {
		const [first, second] = [constantBody(TEXT), constantBody(`${TEXT}!`)];
		const [one, other] = await Promise.all([encoded("gzip", first), encoded("gzip", second)]);
		expect([one.headers["content-encoding"], other.headers["content-encoding"]]).toEqual(["gzip", undefined]);
		expect(other.bytes).toBe(second.bytes);
		expect(other.headers.etag).not.toContain("gzip");
		expect((await encoded("gzip", second)).headers["content-encoding"]).toBe("gzip");
	});

	it(`compresses bodies from ${COMPRESSED_FROM_BYTES} bytes on`, async () => {
		const codingOf = async (length: number) => (await encoded("gzip", constantBody("x".repeat(length)))).headers["content-encoding"];
		expect(await codingOf(COMPRESSED_FROM_BYTES - 1)).toBeUndefined();
		expect(await codingOf(COMPRESSED_FROM_BYTES)).toBe("gzip");
		expect(await codingOf(COMPRESSED_FROM_BYTES + 1)).toBe("gzip");
	});

	it("answers 304 to the tag of any coding, also weakened or in a list, and repeats the tag that the client sent", async () => {
		const body = constantBody(TEXT);
		const { etag } = (await encodeFor({}, body)).headers;
		const [gzip, zstd] = ["gzip", "zstd"].map((coding) => etag.replace(/"$/, `-${coding}"`));
		const ask = async (sent: string | undefined, accepted?: string) => {
			const { bytes, headers } = await encodeFor({ "if-none-match": sent, ...(accepted && { "accept-encoding": accepted }) }, body);
			return bytes === null ? headers : "200";
		};
		for (const sent of [etag, gzip, zstd]) {
			for (const header of [sent, `W/${sent}`, `"other", W/${sent}`]) {
				for (const accepted of [undefined, "gzip", "zstd"]) {
					expect(await ask(header, accepted)).toEqual({ etag: sent, vary: "Accept-Encoding" });
				}
			}
		}
		expect(await ask("*", "gzip")).toEqual({ etag: gzip, vary: "Accept-Encoding" });
		expect(await ask(`${etag}, ${gzip}`, "gzip")).toEqual({ etag: gzip, vary: "Accept-Encoding" });
		for (const other of ['"other"', etag.slice(1, -1), `"${etag.slice(1, -1)}-br"`, undefined])
			expect(await ask(other, "gzip")).toBe("200");
	});
});
