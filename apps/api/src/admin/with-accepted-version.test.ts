import { expect, it } from "vitest";
import { withAcceptedVersion } from "./with-accepted-version.ts";

type Answer = { outcome: "changed" } | { outcome: "version_mismatch"; version: number };

/** Runs a change of a booking that is at `current` when it is read, and at each of `actual` when the script runs. */
async function versionsTried(ifVersions: readonly number[] | null, current: number, actual: readonly number[]) {
	const tried: (number | null)[] = [];
	const result = await withAcceptedVersion<Answer>(ifVersions, current, async (ifVersion) => {
		const version = actual[tried.length] ?? current;
		tried.push(ifVersion);
		return ifVersion === null || ifVersion === version ? { outcome: "changed" } : { outcome: "version_mismatch", version };
	});
	return { tried, outcome: result.outcome };
}

it.each([
	["no condition is passed on as none", null, [3], { tried: [null], outcome: "changed" }],
	["the current version of a list", [1, 3, 2], [3], { tried: [3], outcome: "changed" }],
	["the version before the current one, because the request may be a repeat", [2, 7], [3], { tried: [2], outcome: "version_mismatch" }],
	["none, when the booking has another one", [1, 4], [3], { tried: [0], outcome: "version_mismatch" }],
	["none of an empty list", [], [3], { tried: [0], outcome: "version_mismatch" }],
	["another accepted one to which the booking was changed meanwhile", [3, 5], [5, 5], { tried: [3, 5], outcome: "changed" }],
	["none in the end, when the booking keeps changing", [3, 4, 5], [4, 5, 6], { tried: [3, 4, 5], outcome: "version_mismatch" }],
])("picks the right version: %s", async (_what, ifVersions, actual, expected) => {
	expect(await versionsTried(ifVersions, 3, actual)).toEqual(expected);
});
