/** Sends commands of staff, and collects what the audit trail must have of each. */
import { waitUntil } from "@holdfast/testing";
import { expect } from "vitest";
import type { AuditEventBody } from "../contract/audit-event.ts";
import type { TestApi, TestUser } from "./start-test-api.ts";

/** What the trail says about one target of a command. */
export type AuditedRow = {
	readonly action: string;
	readonly target: string;
	readonly before: object | null;
	readonly after: object | null;
};

/** Returns the row of a new thing; its fields are not compared. */
export const made = (action: string, target: string): AuditedRow => ({ action, target, before: null, after: expect.any(Object) });

/** Returns the row of a change: the fields that changed, and no others. */
export const changed = (action: string, target: string, before: object | null, after: object): AuditedRow => ({
	...{ action, target, before, after },
});

/** One command: who sends it, how it is answered (`412 version_mismatch`), and the rows that it leaves, from its answer. */
export type Command = {
	readonly by: TestUser;
	readonly body?: object;
	readonly headers?: Record<string, string>;
	readonly answer: string;
	/** None by default. */
	readonly rows?: (body: ReturnType<typeof Object>) => AuditedRow[];
};

/** Sends a command and returns the body of its answer. */
export type Send = (request: string, command: Command) => Promise<ReturnType<typeof Object>>;

/** The rows of one request. */
type AuditedRequest = { readonly requestId: string | null; readonly rows: readonly (AuditedRow & { readonly actor: string | null })[] };

/** Commands that have been sent. */
export type RecordedCommands = {
	/** Fails when the answer is another than the command says. */
	readonly send: Send;
	/** What the trail must have of each command so far, in order. */
	readonly expected: readonly AuditedRequest[];
	/** Waits until the ledger has every change, and returns what the trail has of each command, and then of other requests. */
	readTrail(reader: TestUser): Promise<AuditedRequest[]>;
};

const TRAIL_MAX = 100;
const byTarget = (one: AuditedRow, other: AuditedRow) => `${one.action} ${one.target}`.localeCompare(`${other.action} ${other.target}`);

/** Starts with no commands. */
export function recordCommands(api: TestApi): RecordedCommands {
	const expected: AuditedRequest[] = [];
	return {
		expected,
		async send(request, { by, body, headers = {}, answer, rows = () => [] }) {
			const answered = await api.call(request, { token: by.token, body, headers });
			const { code = "" } = Object(answered.body);
			expect(`${request}: ${answered.status} ${code}`.trim()).toBe(`${request}: ${answer}`);
			const ofRequest = rows(answered.body).map((row) => ({ actor: by.id, ...row }));
			expected.push({ requestId: answered.headers["x-request-id"] ?? null, rows: ofRequest.toSorted(byTarget) });
			return answered.body;
		},
		async readTrail(reader) {
			await waitUntil("the outboxes to be settled", async () => (await api.seatStore.outboxDepths()).every((depth) => depth === 0));
			const { body } = await api.call(`GET /admin/audit?limit=${TRAIL_MAX}`, { token: reader.token });
			expect(Object(body).nextCursor).toBeNull();
			const items: AuditEventBody[] = Object(body).items;
			const byRequest = Map.groupBy(items, ({ requestId }) => requestId);
			const requests = new Set([...expected.map(({ requestId }) => requestId), ...byRequest.keys()]);
			return [...requests].map((requestId) => {
				const rows = (byRequest.get(requestId) ?? []).map(({ actor, action, target, before, after }) => ({
					...{ actor, action, target: target.id, before, after },
				}));
				return { requestId, rows: rows.toSorted(byTarget) };
			});
		},
	};
}
