import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const entry = fileURLToPath(new URL("./index.ts", import.meta.url));

/** Runs `code` in a separate process that has a logger `log`, and returns the log lines that it printed. */
async function logged(code: string): Promise<Record<string, unknown>[]> {
	const program = `const { createLogger } = await import(${JSON.stringify(entry)}); const log = createLogger("test", "info"); ${code}`;
	const run = promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
	const { stdout } = await run.catch((error: unknown) => ({ stdout: String(Object(error).stdout) }));
	return stdout
		.split("\n")
		.filter((line) => line !== "")
		.map((line) => JSON.parse(line));
}

describe("createLogger", () => {
	it("loses no line when the process ends normally, calls process.exit, or throws", async () => {
		const logThousandLines = "for (let n = 0; n < 1000; n += 1) log.info({ n }, 'line');";
		for (const end of ["", "process.exit(0)", "setImmediate(() => { throw new Error('end') })"]) {
			const lines = await logged(`${logThousandLines} ${end}`);
			expect(lines).toHaveLength(1_000);
			expect(new Set(lines.map(({ n }) => n)).size).toBe(1_000);
		}
	});

	it("writes a single line within a second, although the buffer is not full", async () => {
		const lines = await logged("log.info('alone'); setTimeout(() => process.kill(process.pid, 'SIGKILL'), 900)");
		expect(lines).toHaveLength(1);
	});
});
