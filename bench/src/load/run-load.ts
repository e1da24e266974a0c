/** Runs one load: distributes it over generator processes, starts them together and adds up their results. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { decodeFromCompressedBase64 } from "hdr-histogram-js";
import type { Load, LoadConnection, LoadResult } from "./load.ts";

/** A process may open 20,000 files, and one event loop can serve a few thousand sockets evenly. */
const CONNECTIONS_PER_GENERATOR_MAX = 5_000;

/** The result of a load over all generators. */
export type LoadSummary = Omit<LoadResult, "histogram"> & {
	readonly answers: number;
	readonly answersPerSecond: number;
	readonly p50Ms: number;
	readonly p99Ms: number;
	readonly maxMs: number;
};

/** Resolves when every request is answered or has timed out. Rejects when a generator process fails. */
export async function runLoad({ origin, connections }: Load): Promise<LoadSummary> {
	const shares = split(connections, Math.ceil(connections.length / CONNECTIONS_PER_GENERATOR_MAX));
	const generators = shares.map(() => fork(fileURLToPath(new URL("./generate.ts", import.meta.url))));
	try {
		await Promise.all(generators.map((generator, i) => exchange(generator, { origin, connections: shares[i] ?? [] })));
		const results = await Promise.all(generators.map((generator) => exchange(generator, "go")));
		return summarize(results.map(readResult), shares);
	} finally {
		for (const generator of generators) generator.kill("SIGKILL");
	}
}

/** Sends a message to a generator and resolves to its next message. */
async function exchange(generator: ChildProcess, message: Load | "go"): Promise<unknown> {
	generator.send(message);
	const [answer] = await Promise.race([
		once(generator, "message"),
		once(generator, "exit").then(() => {
			throw new Error("a load generator exited before it reported");
		}),
	]);
	return answer;
}

function readResult(answer: unknown): LoadResult {
	if (typeof answer !== "object" || answer === null || !("histogram" in answer))
		throw new Error("a load generator sent a result without a histogram");
	return answer as LoadResult;
}

function split(connections: readonly LoadConnection[], parts: number): LoadConnection[][] {
	const size = Math.ceil(connections.length / parts);
	return Array.from({ length: parts }, (_, part) => connections.slice(part * size, (part + 1) * size));
}

function summarize(results: readonly LoadResult[], shares: readonly (readonly LoadConnection[])[]): LoadSummary {
	const sum = (pick: (result: LoadResult) => number): number => results.reduce((total, result) => total + pick(result), 0);
	const [first, ...others] = results.map((result) => decodeFromCompressedBase64(result.histogram));
	if (first === undefined) throw new Error("the load has no connections");
	for (const other of others) first.add(other);
	const byCode: Record<string, number> = {};
	for (const result of results) for (const [code, n] of Object.entries(result.byCode)) byCode[code] = (byCode[code] ?? 0) + n;
	const startedAt = Math.min(...results.map((result) => result.startedAt));
	const endedAt = Math.max(...results.map((result) => result.endedAt));
	const answers = sum(({ ok }) => ok) + sum(({ refused }) => refused) + sum(({ faults }) => faults);
	let offset = 0;
	const won = results.flatMap((result, i) => {
		const base = offset;
		offset += shares[i]?.length ?? 0;
		return result.won.map(({ connection, body }) => ({ connection: base + connection, body }));
	});
	return {
		ok: sum(({ ok }) => ok),
		refused: sum(({ refused }) => refused),
		faults: sum(({ faults }) => faults),
		byCode,
		startedAt,
		endedAt,
		answers,
		answersPerSecond: Math.round((answers / Math.max(1, endedAt - startedAt)) * 1000),
		p50Ms: first.getValueAtPercentile(50) / 1000,
		p99Ms: first.getValueAtPercentile(99) / 1000,
		maxMs: first.maxValue / 1000,
		won,
	};
}
