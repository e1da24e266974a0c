/**
 * A process with many watchers of one showtime. Each watcher follows the seat stream as the API document says; every twentieth uses
 * the typed client. Some connections are broken on purpose. At the end the process reports the seat map of every watcher.
 */
import { Agent } from "node:http";
import { type FollowOptions, followSeats, type SeatFollower } from "@holdfast/proofs";
import { watchWithClient } from "./watch-with-client.ts";

/** The commands to the process, in the order in which they are sent. Commands and answers are JSON messages. */
export type WatchCommand =
	| { readonly what: "open"; readonly origin: string; readonly showtimeId: string; readonly watchers: number }
	| { readonly what: "probe"; readonly seat: number }
	| { readonly what: "probed" }
	| { readonly what: "report"; readonly version: number };
/** The answer to every command: the state of all watchers. */
export type WatchAnswer = {
	/** When each watcher received the change of the probed seat, in epoch ms. */
	readonly seenAtMs: readonly number[];
	readonly views: readonly { readonly version: number; readonly statuses: string }[];
	readonly violations: readonly string[];
	readonly events: number;
	readonly resets: number;
	readonly breaks: number;
};

const OPENED_AT_ONCE = 50;
/** The typed client uses more processor time than the plain follower, and takes it from the API on the same machine. */
const WITH_CLIENT_EVERY = 20;
/** At each step of this many ms, every watcher loses its connection with the probability `BREAK_SHARE`. */
const BREAK_EVERY_MS = 100;
const BREAK_SHARE = 0.002;
const CAUGHT_UP_DEADLINE_MS = 30_000;
const POLL_MS = 20;

const followers: SeatFollower[] = [];
let probeSeat: number | null = null;
let seenAtMs: number[] = [];

process.on("message", (command: WatchCommand) => {
	execute(command).then(
		(answer) => process.send?.(answer),
		(error: unknown) => {
			console.error(error);
			process.exit(1);
		},
	);
});

async function execute(command: WatchCommand): Promise<WatchAnswer> {
	switch (command.what) {
		case "open":
			await openAll(command);
			setInterval(breakSome, BREAK_EVERY_MS);
			break;
		case "probe":
			probeSeat = command.seat;
			seenAtMs = [];
			break;
		case "probed":
			await waitFor(() => seenAtMs.length >= followers.length);
			probeSeat = null;
			break;
		case "report":
			await waitFor(() => followers.every((follower) => follower.version() >= command.version));
			break;
	}
	return report();
}

async function openAll({ origin, showtimeId, watchers }: Extract<WatchCommand, { what: "open" }>): Promise<void> {
	const agent = new Agent({ keepAlive: true, maxFreeSockets: OPENED_AT_ONCE });
	const options: FollowOptions = {
		origin,
		showtimeId,
		agent,
		onEvent: ({ seats }) => {
			if (probeSeat !== null && seats.some(([seat]) => seat === probeSeat)) seenAtMs.push(Date.now());
		},
	};
	const open = (_: unknown, place: number) => (place % WITH_CLIENT_EVERY === 0 ? watchWithClient(options) : followSeats(options));
	while (followers.length < watchers) {
		const count = Math.min(OPENED_AT_ONCE, watchers - followers.length);
		followers.push(...(await Promise.all(Array.from({ length: count }, open))));
	}
}

/** Breaks some connections, but none during a probe: the probe would measure the reconnect of the watcher instead. */
function breakSome(): void {
	if (probeSeat !== null) return;
	for (const follower of followers) if (Math.random() < BREAK_SHARE) follower.breakStream();
}

async function waitFor(isDone: () => boolean): Promise<void> {
	const untilMs = Date.now() + CAUGHT_UP_DEADLINE_MS;
	while (!isDone() && Date.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

function report(): WatchAnswer {
	const sum = (pick: (follower: SeatFollower) => number) => followers.reduce((total, follower) => total + pick(follower), 0);
	return {
		seenAtMs,
		views: followers.map((follower) => ({ version: follower.version(), statuses: follower.statuses() })),
		violations: followers.flatMap(({ violations }) => violations).slice(0, 20),
		events: sum(({ seen }) => seen.events),
		resets: sum(({ seen }) => seen.resets),
		breaks: sum(({ seen }) => seen.breaks),
	};
}
