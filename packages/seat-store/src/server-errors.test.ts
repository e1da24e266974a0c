/** How error replies of Redis are classified, and which faults they become. */
import { describe, expect, it } from "vitest";
import { faultOf, SeatStoreFault } from "./fault.ts";
import { classifyServerError, RetiredConnection, reportsDemotion, wasNotRun } from "./server-errors.ts";

/** An error as ioredis reports an error reply. */
const reply = (message: string) => Object.assign(new Error(message), { name: "ReplyError" });

describe("an error reply of Redis", () => {
	it.each([
		"READONLY You can't write against a read only replica.",
		"READONLY Can not run script with write flag on readonly replica.",
		"READONLY You can't write against a read only replica. script: 1f2e, on @user_script:4.",
		"MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
	])("is classified as a demotion, and proves that the command was not executed: %s", (message) => {
		expect([classifyServerError(reply(message)), reportsDemotion(reply(message)), wasNotRun(reply(message))]).toEqual([
			"demoted",
			true,
			true,
		]);
	});

	it("is classified as interrupted when a demotion ended a blocked command, which may have been executed", () => {
		const error = reply("UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)");
		expect([classifyServerError(error), reportsDemotion(error), wasNotRun(error)]).toEqual(["interrupted", true, false]);
		expect(faultOf("read", true, error)).toMatchObject({ kind: "unavailable" });
		expect(faultOf("write", true, error)).toMatchObject({ kind: "outcome_unknown" });
	});

	it.each([
		"NOREPLICAS Not enough good replicas to write.",
		"OOM command not allowed when used memory > 'maxmemory'.",
		"LOADING Redis is loading the dataset in memory",
		"MISCONF Errors writing to the AOF file: No space left on device",
		"BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
		"EXECABORT Transaction discarded because of previous errors.",
		"NOAUTH Authentication required.",
		"WRONGPASS invalid username-password pair or user is disabled.",
		"NOPERM this user has no permissions to run the 'set' command",
		"CLUSTERDOWN The cluster is down",
		"TRYAGAIN Multiple keys request during rehashing of slot",
		"MOVED 866 127.0.0.1:7000",
		"ASK 866 127.0.0.1:7000",
	])("is classified as a refusal by the right server, which did not execute the command: %s", (message) => {
		expect([classifyServerError(reply(message)), reportsDemotion(reply(message)), wasNotRun(reply(message))]).toEqual([
			"refused",
			false,
			true,
		]);
		expect(faultOf("write", false, reply(message))).toMatchObject({ kind: "unavailable" });
		expect(faultOf("write", true, reply(message))).toMatchObject({ kind: "outcome_unknown" });
		for (const effect of ["read", "tally"] as const) {
			expect(faultOf(effect, true, reply(message))).toMatchObject({ kind: "unavailable" });
		}
	});

	it.each(["ERR value is not an integer or out of range", "WRONGTYPE Operation against a key holding the wrong kind of value"])(
		"counts as an error of our own code: %s",
		(message) => {
			const error = reply(message);
			expect([classifyServerError(error), wasNotRun(error), faultOf("write", true, error)]).toEqual([null, false, error]);
		},
	);
});

it("a command that was not sent because its connection is retired was not executed", () => {
	expect(wasNotRun(new RetiredConnection())).toBe(true);
	expect(faultOf("write", false, new RetiredConnection())).toBeInstanceOf(SeatStoreFault);
});
