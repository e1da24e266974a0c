/**
 * Stops the processes of the product at an exact write to `showtime_actions`: a trigger waits there for an advisory lock, which a session
 * of the test holds. So a test can kill a part between two steps that follow each other within a millisecond.
 */
import { queryPostgres } from "@holdfast/local-stack";
import { type HeldLock, holdLock, waitUntil } from "@holdfast/testing";

/** A closed gate. */
export type Gate = {
	/** Resolves once exactly `count` sessions wait at the gate. A session waits there for two seconds at most: its statement timeout. */
	reached(count: number): Promise<void>;
	/** Ends the sessions that wait, so that their statements are never carried out, as if the process had died just before them. */
	dropWaiting(): Promise<void>;
	/** Lets everything pass from now on. */
	open(): Promise<void>;
};

/** A number that no advisory lock of the product has. */
const LOCK = 4_211;
const WAITING = `from pg_locks where locktype = 'advisory' and objid = ${LOCK} and not granted`;

/** Closes the gate for updates of `showtime_actions` for which the SQL condition holds, which compares the rows `old` and `new`. */
export async function closeGate(ownerUrl: string, condition: string): Promise<Gate> {
	await queryPostgres(
		ownerUrl,
		`create or replace function wait_at_gate() returns trigger language plpgsql as $$ begin
			if ${condition} then
				perform set_config('lock_timeout', '0', true);
				perform pg_advisory_xact_lock_shared(${LOCK});
			end if;
			return new;
		end $$;
		create or replace trigger gate before update on showtime_actions for each row execute function wait_at_gate()`,
	);
	const lock: HeldLock = await holdLock(ownerUrl, `select pg_advisory_xact_lock(${LOCK})`);
	const countWaiting = async () => (await queryPostgres(ownerUrl, `select pid ${WAITING}`)).length;
	return {
		reached: async (count) => void (await waitUntil(`${count} sessions to wait at the gate`, async () => (await countWaiting()) === count)),
		async dropWaiting() {
			await queryPostgres(ownerUrl, `select pg_terminate_backend(pid) ${WAITING}`);
			await waitUntil("the sessions at the gate to end", async () => (await countWaiting()) === 0);
		},
		open: () => lock.release(),
	};
}
