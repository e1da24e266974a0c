/**
 * Sends holds for seats of one showtime at a constant rate. Each hold is then released, or confirmed and cancelled. The latency of a
 * hold counts from its scheduled time, so a server that stalls cannot look better because it gets fewer requests. Uses `node:http`,
 * because on a machine shared with the API `fetch` (and so the client) would add a hundred milliseconds to the slowest requests.
 */
import { Agent, request as openRequest } from "node:http";
import { build } from "hdr-histogram-js";

/** Options of `buySeats`. */
export type BuyOptions = {
	readonly origin: string;
	readonly showtimeId: string;
	readonly tokens: readonly string[];
	readonly labels: readonly string[];
	readonly holdsPerSecond: number;
	readonly durationMs: number;
};
/** The counts and the latencies of the holds. */
export type BuySummary = {
	/** The number of all requests: holds, confirms and cancels. */
	readonly answers: number;
	readonly holds: number;
	readonly refused: number;
	readonly faults: number;
	readonly p50Ms: number;
	readonly p99Ms: number;
	readonly maxMs: number;
};

const LATENCY_MAX_MICROS = 60_000_000;
const SOCKETS_MAX = 64;

/** Resolves when every request is answered. */
export async function buySeats(options: BuyOptions): Promise<BuySummary> {
	const { origin, showtimeId, tokens, labels, holdsPerSecond, durationMs } = options;
	const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS_MAX });
	const histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: LATENCY_MAX_MICROS, numberOfSignificantValueDigits: 3 });
	const tally = { answers: 0, holds: 0, refused: 0, faults: 0 };
	const ask = (method: string, path: string, token: string, body?: object) => {
		tally.answers += 1;
		return askJson(agent, `${origin}/api/v1${path}`, method, token, body);
	};

	async function buy(dueMs: number, turn: number): Promise<void> {
		const token = tokens[turn % tokens.length] ?? "";
		const label = labels[Math.floor(Math.random() * labels.length)] ?? "";
		const held = await ask("POST", "/bookings", token, { showtimeId, seats: [label] });
		histogram.recordValue(Math.max(1, Math.round((performance.now() - dueMs) * 1_000)));
		if (held.status === 409) tally.refused += 1;
		else if (held.status !== 201) tally.faults += 1;
		if (held.status !== 201) return;
		tally.holds += 1;
		const path = `/bookings/${held.id}`;
		const rest = [...(Math.random() < 0.5 ? [["POST", `${path}/confirm`]] : []), ["DELETE", path]];
		for (const [method = "", to = ""] of rest) if ((await ask(method, to, token)).status !== 200) tally.faults += 1;
	}

	const startMs = performance.now();
	const bookings: Promise<void>[] = [];
	for (let turn = 0; ; turn += 1) {
		const dueMs = startMs + (turn * 1_000) / holdsPerSecond;
		if (dueMs >= startMs + durationMs) break;
		const waitMs = dueMs - performance.now();
		if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
		bookings.push(buy(dueMs, turn));
	}
	await Promise.all(bookings);
	agent.destroy();
	return {
		...tally,
		p50Ms: histogram.getValueAtPercentile(50) / 1_000,
		p99Ms: histogram.getValueAtPercentile(99) / 1_000,
		maxMs: histogram.maxValue / 1_000,
	};
}

/** Sends one request. Resolves to status 0 when no answer arrives. */
function askJson(agent: Agent, url: string, method: string, token: string, body?: object): Promise<{ status: number; id: string }> {
	const headers = { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) };
	return new Promise((resolve) => {
		const request = openRequest(url, { method, headers, agent }, (response) => {
			let text = "";
			response.setEncoding("utf8");
			response.on("data", (chunk: string) => {
				text += chunk;
			});
			response.on("error", () => resolve({ status: 0, id: "" }));
			response.on("end", () => resolve({ status: response.statusCode ?? 0, id: /"id":"([^"]+)"/.exec(text)?.[1] ?? "" }));
		});
		request.on("error", () => resolve({ status: 0, id: "" }));
		request.end(body && JSON.stringify(body));
	});
}
