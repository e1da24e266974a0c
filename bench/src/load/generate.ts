/**
 * A load generator process. It receives a load, reports that it is ready, waits for the start message, sends the load with autocannon
 * and reports the result. Latencies are measured per answer and not corrected for coordinated omission: each connection is one buyer
 * who waits for an answer before the next request, as buyers do when sales open.
 */
import { setTimeout as delay } from "node:timers/promises";
import autocannon from "autocannon";
import { build, encodeIntoCompressedBase64 } from "hdr-histogram-js";
import type { Load, LoadConnection, LoadResult } from "./load.ts";

const ANSWER_DEADLINE_SECONDS = 60;
/**
 * A generator opens its connections in waves, and all of them stay open. A burst of SYNs beyond the listen queue (4,096 per process)
 * would only measure the kernel's retries after 1, 3, 7 and 15 seconds.
 */
const WAVE_CONNECTIONS = 1_000;
const WAVE_EVERY_MS = 1_000;
const LATENCY_MAX_MICROS = 60_000_000;

process.once("message", (load: Load) => {
	process.once("message", () => {
		fire(load)
			.then((result) => process.send?.(result, () => process.exit(0)))
			.catch((error: unknown) => {
				console.error(error);
				process.exit(1);
			});
	});
	process.send?.("ready");
});

async function fire({ origin, connections }: Load): Promise<LoadResult> {
	const histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: LATENCY_MAX_MICROS, numberOfSignificantValueDigits: 3 });
	const byCode: Record<string, number> = {};
	const won: { connection: number; body: string }[] = [];
	const tally = { ok: 0, refused: 0, faults: 0 };
	const count = (kind: keyof typeof tally, code: string): void => {
		tally[kind] += 1;
		byCode[code] = (byCode[code] ?? 0) + 1;
	};

	function onAnswer(connection: number, status: number, body: string): void {
		if (status >= 200 && status < 300) {
			count("ok", String(status));
			won.push({ connection, body });
		} else {
			count(status < 500 ? "refused" : "faults", /"code":"([a-z_]+)"/.exec(body)?.[1] ?? String(status));
		}
	}

	/** Runs autocannon over some of the connections. Resolves to the number of unanswered requests, and how many of them timed out. */
	async function fireWave(first: number, size: number): Promise<{ errors: number; timeouts: number }> {
		const wave = connections.slice(first, first + size);
		let next = first;
		const options: autocannon.Options = {
			url: origin,
			connections: wave.length,
			amount: wave.reduce((sum, { requests }) => sum + requests.length, 0),
			timeout: ANSWER_DEADLINE_SECONDS,
			setupClient(client) {
				const connection = next;
				next += 1;
				const { token, requests } = connections[connection] ?? noConnection(connection);
				client.setRequests(
					requests.map(({ path, body }) => ({
						method: "POST",
						path,
						headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
						body: JSON.stringify(body ?? {}),
						onResponse: (status: number, answer: string) => onAnswer(connection, status, answer),
					})),
				);
			},
		};
		return new Promise((resolve, reject) => {
			const instance = autocannon(options, (error, result) => (error ? reject(error) : resolve(result)));
			instance.on("response", (_client, _status, _bytes, responseMs) => {
				endedAt = Date.now();
				histogram.recordValue(Math.max(1, Math.round(responseMs * 1000)));
			});
		});
	}

	const startedAt = Date.now();
	let endedAt = startedAt;
	const waves: Promise<{ errors: number; timeouts: number }>[] = [];
	for (let first = 0; first < connections.length; first += WAVE_CONNECTIONS) {
		if (first > 0) await delay(WAVE_EVERY_MS);
		waves.push(fireWave(first, WAVE_CONNECTIONS));
	}
	for (const { errors, timeouts } of await Promise.all(waves)) {
		if (errors === 0) continue;
		tally.faults += errors;
		byCode.timeout = (byCode.timeout ?? 0) + timeouts;
		byCode.socket_error = (byCode.socket_error ?? 0) + errors - timeouts;
	}
	return { ...tally, byCode, startedAt, endedAt, histogram: encodeIntoCompressedBase64(histogram), won };
}

function noConnection(connection: number): LoadConnection {
	throw new Error(`autocannon opened connection ${connection}, but the load has fewer connections`);
}
