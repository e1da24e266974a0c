/** A small spike: its proof passes on a correct system and fails when a sale is lost. */
import { rmSync } from "node:fs";
import { makeScratchFolder, queryPostgres } from "@holdfast/local-stack";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bench, openBench } from "../open-bench.ts";
import { spike } from "./spike.ts";

const SMALL = { connections: 100, requestsPerConnection: 5, rounds: 1 };

let bench: Bench;
const dataDir = makeScratchFolder();
beforeAll(async () => {
	bench = await openBench({ url: undefined, workers: 1, dataDir, log: () => {} });
});
afterAll(async () => {
	await bench.close();
	rmSync(dataDir, { recursive: true, force: true });
});

describe("spike", () => {
	it("a spike on a correct system answers every request and sells 100 seats to the buyers with a confirmation", async () => {
		expect(await spike(bench, SMALL)).toEqual([]);
	});

	it("the proof of a spike reports a sale that the ledger lost", async () => {
		const withLostSale: Bench = {
			...bench,
			proof: {
				...bench.proof,
				async drained(deadlineMs) {
					await bench.proof.drained(deadlineMs);
					await queryPostgres(
						bench.databaseUrl,
						"delete from booking_seats where booking_id = (select booking_id from booking_seats order by acquired_at desc limit 1)",
					);
				},
			},
		};
		const violations = await spike(withLostSale, SMALL);
		expect(violations.join("\n")).toMatch(/sold in Redis, not in the ledger/);
		expect(violations).toContain("99 seats sold instead of 100");
	});

	it("the bench rejects a spike with fewer connections than seats, and a URL on another machine", async () => {
		await expect(spike(bench, { ...SMALL, connections: 99 })).rejects.toThrow("needs at least 100");
		await expect(openBench({ url: "http://192.0.2.1:4000", workers: 1, log: () => {} })).rejects.toThrow("this machine only");
	});
});
