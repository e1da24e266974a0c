/**
 * A generator process: gets a load, says it is ready, waits for the start, fires it with autocannon and reports.
 * Latencies are measured per answer and not corrected for coordinated omission: each connection is one person who
 * waits for an answer before asking again, which is what happens at an on-sale.
 */
import autocannon from "autocannon";
import { build, encodeIntoCompressedBase64 } from "hdr-histogram-js";
import type { Load, LoadConnection, LoadResult } from "./load.ts";

const ANSWER_DEADLINE_SECONDS = 30;
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

	let next = 0;
	const startedAt = Date.now();
	let endedAt = startedAt;
	const options: autocannon.Options = {
		url: origin,
		connections: connections.length,
		amount: connections.reduce((sum, { requests }) => sum + requests.length, 0),
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
	const outcome = await new Promise<autocannon.Result>((resolve, reject) => {
		const instance = autocannon(options, (error, result) => (error ? reject(error) : resolve(result)));
		instance.on("response", (_client, _status, _bytes, responseMs) => {
			endedAt = Date.now();
			histogram.recordValue(Math.max(1, Math.round(responseMs * 1000)));
		});
	});
	const silent = outcome.errors;
	if (silent > 0) {
		tally.faults += silent;
		byCode.timeout = outcome.timeouts;
		byCode.socket_error = silent - outcome.timeouts;
	}
	return { ...tally, byCode, startedAt, endedAt, histogram: encodeIntoCompressedBase64(histogram), won };
}

function noConnection(connection: number): LoadConnection {
	throw new Error(`autocannon opened connection ${connection}, which the load does not have`);
}
