/** Staff who sell, move, cancel and revive without a pause, and repeat each request until it has a final answer. */
import { setTimeout as delay } from "node:timers/promises";
import type { ShowtimeId } from "@holdfast/domain";
import { type AdminRequest, type Answer, idOf, labelOf } from "./open-test-stack.ts";

/** A command that was carried out, in the words of the audit trail. All its requests had the same `requestId`. */
export type DoneCommand = {
	readonly action: "booking.sold" | "booking.reseated" | "booking.cancelled" | "booking.revived";
	readonly bookingId: string;
	readonly requestId: string;
	/** Of a cancel: how much the customer gets back. */
	readonly refundPercent: number | null;
	/** The booking's labels after it. */
	readonly seats: readonly string[];
};

/** `sell`: sells one seat after the other, and cancels each sale without a refund. `move`: moves one booking. `cancel`: cancels and revives one. */
export type WorkerKind = "sell" | "move" | "cancel";

/** One member of staff at work at a showtime of its own. */
export type Worker = {
	readonly kind: WorkerKind;
	readonly showtimeId: ShowtimeId;
	readonly done: readonly DoneCommand[];
	/** How many requests were accepted and then broke off without an answer. */
	interrupted(): number;
	/** Ends the work after the current command. Rejects if a command was finally refused. */
	stop(): Promise<void>;
};

const RETRY_MS = 100;
const REASON = "At the counter";
const SEATS = 100;
const REFUND_PERCENTS = [100, 40, 0];

/** A booking at the version that its last answer had. */
type Booking = { readonly id: string; readonly etag: string | null };
type Command = Omit<DoneCommand, "requestId" | "bookingId">;
type Request = { readonly method: "POST" | "PUT"; readonly path: string; readonly body: object; readonly headers?: Record<string, string> };

/** Starts one member of staff, at a showtime where no other is at work. */
export function startWorker(admin: AdminRequest, kind: WorkerKind, showtimeId: ShowtimeId, name: string): Worker {
	const done: DoneCommand[] = [];
	let interrupted = 0;
	let isStopped = false;

	/** Sends the request until it is answered for good. */
	async function send({ method, path, body, headers }: Request, requestId: string): Promise<Answer> {
		for (;;) {
			const answer = await admin(method, path, body, { ...headers, "x-request-id": requestId }).catch((error: unknown) => {
				if (Object(Object(error).cause).code !== "ECONNREFUSED") interrupted += 1;
				return null;
			});
			if (answer === null) await delay(RETRY_MS);
			else if (answer.status < 300) return answer;
			else if (answer.status < 500) throw new Error(`${requestId} was answered ${answer.status} ${answer.code}`);
			else await delay(RETRY_MS);
		}
	}

	async function carryOut(command: Command, request: Request): Promise<Answer> {
		const requestId = `${name}-${command.action.replace(".", "-")}-${done.length}`;
		const answer = await send(request, requestId);
		done.push({ ...command, requestId, bookingId: idOf(answer) });
		return answer;
	}

	function sell(seats: readonly string[]): Promise<Answer> {
		const headers = { "idempotency-key": `${name}-${done.length}` };
		const body = { showtimeId, seats, reason: REASON };
		return carryOut({ action: "booking.sold", refundPercent: null, seats }, { method: "POST", path: "/admin/bookings", body, headers });
	}

	const change = (command: Command, { id, etag }: Booking, part: "status" | "seats", body: object): Promise<Answer> =>
		carryOut(command, {
			method: "PUT",
			path: `/admin/bookings/${id}/${part}`,
			body: { ...body, reason: REASON },
			headers: { "if-match": etag ?? "" },
		});

	const cancel = (booking: Booking, refundPercent: number): Promise<Answer> =>
		change({ action: "booking.cancelled", refundPercent, seats: [] }, booking, "status", { status: "cancelled", refundPercent });

	async function work(): Promise<void> {
		for (let sale = 0; kind === "sell" && !isStopped; sale += 1) {
			const { body, etag } = await sell([labelOf(sale % SEATS)]);
			if (!isStopped) await cancel({ id: String(body.id), etag }, 0);
		}
		if (kind === "sell") return;
		let seats = [labelOf(0), labelOf(1)];
		const sold = await sell(seats);
		const id = String(sold.body.id);
		let { etag } = sold;
		for (let turn = 1; !isStopped; turn += 1) {
			if (kind === "move") {
				seats = [labelOf((2 * turn) % SEATS), labelOf((2 * turn + 1) % SEATS)];
				({ etag } = await change({ action: "booking.reseated", refundPercent: null, seats }, { id, etag }, "seats", { seats }));
			} else if (turn % 2 === 1) {
				({ etag } = await cancel({ id, etag }, REFUND_PERCENTS[((turn - 1) / 2) % REFUND_PERCENTS.length] ?? 0));
			} else {
				({ etag } = await change({ action: "booking.revived", refundPercent: null, seats }, { id, etag }, "status", {
					status: "confirmed",
				}));
			}
		}
	}

	const working = work();
	// Awaited in `stop`. This only keeps Node from reporting an unhandled rejection in the meantime.
	working.catch(() => {});
	return {
		kind,
		showtimeId,
		done,
		interrupted: () => interrupted,
		async stop() {
			isStopped = true;
			await working;
		},
	};
}
