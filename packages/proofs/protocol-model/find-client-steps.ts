/**
 * The steps of the clients: hold the seat, let the hold expire, confirm, cancel, and repeat a request whose answer never arrived. The
 * old primary and the promoted replica both serve the clients that reach them.
 */
import {
	BOTH,
	type Client,
	isPrimary,
	nameOf,
	otherThan,
	replace,
	type State,
	type Step,
	VERSION,
	type Which,
	withServer,
} from "./state.ts";
import type { World } from "./world.ts";

/** Returns the steps that the clients can take in a state. */
export function findClientSteps(state: State, world: World): Step[] {
	const serving = BOTH.filter((server) => isPrimary(state, server) && (!world.safeguards.fence || state.servers[server].isOpen));
	return serving.flatMap((server) => BOTH.flatMap((booking) => findStepsOfBooking(state, world, server, booking)));
}

function findStepsOfBooking(state: State, world: World, server: Which, booking: Which): Step[] {
	const { owner, versions, outbox } = state.servers[server];
	const version = versions[booking];
	const isHeld = version === VERSION.held && owner === booking;
	const at = `${booking} at ${nameOf(server)}`;
	const raise = (to: number) => ({ versions: replace(versions, booking, to) });
	const emit = (to: number) => ({ ...raise(to), outbox: [...outbox, { booking, version: to }] });
	const steps: Step[] = [];

	if (version === VERSION.none && owner === null) {
		steps.push([`hold ${at}`, withServer(state, server, { ...raise(VERSION.held), owner: booking })]);
	}
	if (world.hasExpiries && isHeld) steps.push([`expire ${at}`, withServer(state, server, { owner: null })]);
	if (mayAskConfirm(state.clients[booking])) {
		if (isHeld) {
			const confirmed = withServer(state, server, emit(VERSION.confirmed));
			steps.push([`confirm ${at}`, answer(confirmed, world, server, booking, "confirmed")]);
		}
		if (version === VERSION.confirmed) steps.push([`confirm again ${at}`, answer(state, world, server, booking, "confirmed")]);
	}
	if (mayAskCancel(state, world, booking)) {
		const asked = { ...state, clients: replace(state.clients, booking, { lastAnswer: "cancelling", waits: false } satisfies Client) };
		if (version === VERSION.confirmed) {
			const freed = { ...emit(VERSION.cancelled), owner: owner === booking ? null : owner };
			steps.push([`cancel ${at}`, answer(withServer(asked, server, freed), world, server, booking, "cancelled")]);
		}
		if (version === VERSION.cancelled) steps.push([`cancel again ${at}`, answer(asked, world, server, booking, "cancelled")]);
	}
	return steps;
}

function mayAskConfirm({ lastAnswer, waits }: Client): boolean {
	return lastAnswer === "nothing" && !waits;
}

/** A client that has sent a cancel may repeat it. Any other confirmed client may send one while fewer than `cancelMax` have. */
function mayAskCancel({ clients }: State, world: World, booking: Which): boolean {
	const { lastAnswer, waits } = clients[booking];
	if (lastAnswer === "cancelling") return !waits;
	const { lastAnswer: otherAnswer } = clients[otherThan(booking)];
	const cancelCount = otherAnswer === "cancelling" || otherAnswer === "cancelled" ? 1 : 0;
	return lastAnswer === "confirmed" && cancelCount < world.cancelMax;
}

/** A answers when its replica has the write; at once without the safeguard `wait`. B's replica never lags, so B answers at once. */
function answer(state: State, world: World, server: Which, booking: Which, lastAnswer: "confirmed" | "cancelled"): State {
	const withClient = (client: Client): State => ({ ...state, clients: replace(state.clients, booking, client) });
	if (!world.safeguards.wait || server === 1) return withClient({ lastAnswer, waits: false });
	// After the failover A has no replica, so its wait never ends: the client gets no answer, and may repeat the request at B.
	if (state.replica !== "attached") return state;
	return withClient({ ...state.clients[booking], waits: true });
}

/** Returns the client after the replica has received all writes of A: a waiting client gets its answer. */
export function answerWaiting(client: Client): Client {
	if (!client.waits) return client;
	return { lastAnswer: client.lastAnswer === "nothing" ? "confirmed" : "cancelled", waits: false };
}
