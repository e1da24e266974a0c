/**
 * Prints the result of a CI run: `node count-results.mjs <JSON report of vitest> <exit code of check> <exit code of test>`.
 * The last line is exactly `N passed, N failed`. Exits with 1 when anything failed.
 */
import { readFileSync } from "node:fs";

const [report, check, tests] = process.argv.slice(2);
const { passed, skipped, failed } = countTests(report);
const failures = [
	...(failed > 0 ? [`${failed} tests or test files`] : []),
	...(check === "0" ? [] : ["npm run check"]),
	// Vitest can fail without a failed test: after an error outside of tests, or when the report could not be written.
	...(tests === "0" || failed > 0 ? [] : ["npm test itself"]),
];
if (skipped > 0) console.log(`${skipped} skipped`);
if (failures.length > 0) console.log(`Failed: ${failures.join(", ")}`);
console.log(`${passed} passed, ${failed + failures.filter((what) => what.startsWith("npm")).length} failed`);
process.exitCode = failures.length > 0 ? 1 : 0;

function countTests(file) {
	const text = readFileSync(file, "utf8");
	if (text === "") return { passed: 0, skipped: 0, failed: 0 };
	const { numPassedTests, numPendingTests, numTodoTests, numFailedTests, testResults } = JSON.parse(text);
	// A test file that could not be loaded has no results of tests; it counts as one failure.
	const broken = testResults.filter(
		({ status, assertionResults }) => status === "failed" && assertionResults.every((test) => test.status !== "failed"),
	);
	return { passed: numPassedTests, skipped: numPendingTests + numTodoTests, failed: numFailedTests + broken.length };
}
