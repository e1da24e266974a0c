/**
 * A small spike: its proof passes on a correct system and fails when a sale is lost. On the same bench, the floor server: it is a fair
 * baseline only if its answers have the same status, fields and types as those of the API.
 */
import { rmSync } from "node:fs";
import { makeScratchFolder, queryPostgres } from "@holdfast/local-stack";
import { insertShowtimes, insertUsers, mintTokens } from "@holdfast/testing";
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

describe("the floor server", () => {
	it("the floor server answers a hold, a refusal and a confirm with the same status, fields and types as the API", async () => {
		const { showtimeIds } = await insertShowtimes(bench.databaseUrl, {});
		const [token = ""] = mintTokens(bench.jwtSecret, await insertUsers(bench.databaseUrl, 1));
		const ask = async (url: string, body?: object) => {
			const headers = { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) };
			const answer = await fetch(url, { method: "POST", headers, ...(body && { body: JSON.stringify(body) }) });
			return { status: answer.status, body: Object(await answer.json()) };
		};
		const api = (path: string, body?: object) => ask(`${bench.origin}/api/v1${path}`, body);
		const floor = (path: string, body?: object) => ask(`${bench.floorOrigin}${path}`, body);
		const holdBody = { showtimeId: showtimeIds[0], seats: ["A1"] };

		const held = await api("/bookings", holdBody);
		expect(held.status).toBe(201);
		expect(shapeOf(await floor("/held", holdBody))).toEqual(shapeOf(held));
		const taken = await api("/bookings", holdBody);
		expect(taken.body.code).toBe("seats_taken");
		expect(shapeOf(await floor("/taken", holdBody))).toEqual(shapeOf(taken));
		const confirmed = await api(`/bookings/${held.body.id}/confirm`);
		expect(confirmed.status).toBe(200);
		expect(shapeOf(await floor("/confirmed"))).toEqual(shapeOf(confirmed));
	});
});

/** Replaces each value, except for `status`, with the name of its type. */
function shapeOf(value: unknown): unknown {
	if (value === null || typeof value !== "object") return value === null ? "null" : typeof value;
	if (Array.isArray(value)) return value.map(shapeOf);
	return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, name === "status" ? each : shapeOf(each)]));
}
