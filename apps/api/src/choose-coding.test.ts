import { expect, it } from "vitest";
import { chooseCoding } from "./choose-coding.ts";

it.each([
	[undefined, null],
	["", null],
	["gzip", "gzip"],
	["zstd", "zstd"],
	["gzip, deflate, br, zstd", "zstd"],
	["gzip, deflate, br", "gzip"],
	["deflate, br", null],
	["GZip", "gzip"],
	["x-gzip", "gzip"],
	["identity", null],
	["*", "zstd"],
	// Weights
	["gzip;q=1.0, zstd;q=0.5", "gzip"],
	["gzip;q=0.5, zstd;q=0.5", "zstd"],
	["gzip ; q=0.001", "gzip"],
	["gzip;Q=0.8", "gzip"],
	["gzip;q=0", null],
	["gzip;q=0.000, zstd;q=0", null],
	["*;q=0", null],
	["*;q=0, gzip", "gzip"],
	["zstd;q=0, *", "gzip"],
	["zstd;q=0, gzip;q=0, *", null],
	["gzip;q=0.2, *;q=0.7", "zstd"],
	// The client prefers no coding
	["gzip;q=0.5, identity", null],
	["gzip;q=0.5, identity;q=0.6", null],
	["gzip;q=0.5, identity;q=0.5", "gzip"],
	["gzip, identity;q=0", "gzip"],
	["identity;q=0", null],
	["*;q=0, identity;q=0", null],
	// Malformed members are ignored
	["gzip;q=2", null],
	["gzip;q=1.001", null],
	["gzip;q=0.1234", null],
	["gzip;q=-1", null],
	["gzip;q=", null],
	["gzip;level=9", null],
	["gzip zstd", null],
	[",, gzip ,", "gzip"],
	["gzip;q=x, zstd;q=0.1", "zstd"],
	[`${"br, ".repeat(4_000)}gzip`, "gzip"],
])("Accept-Encoding %j chooses %j", (header, coding) => {
	expect(chooseCoding(header)).toBe(coding);
});
