import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { askPassword, findPasswordViolation } from "./ask-password.ts";

/** Types the texts, each after the next question has appeared; returns the result or the error's message, and what the terminal showed. */
async function type(...texts: string[]): Promise<{ result: string | null; shown: string }> {
	const [input, output] = [new PassThrough(), new PassThrough()];
	let shown = "";
	output.on("data", (chunk) => {
		shown += String(chunk);
		if (String(chunk).endsWith(": ")) setImmediate(() => input.write(texts.shift() ?? "\u0003"));
	});
	const result = await askPassword({ input, output }).catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
	return { result, shown };
}

describe("askPassword", () => {
	it("returns a password that was typed twice, and shows nothing of it", async () => {
		const { result, shown } = await type("correct horse\r", "correct horse\r");
		expect(result).toBe("correct horse");
		expect(shown).toBe("Password (leave it empty to get a random one): \nThe same password again: \n");
	});

	it("understands the backspace key", async () => {
		expect((await type("correct horsx\u007fe\r", "correct horse\r")).result).toBe("correct horse");
	});

	it("returns null when the password is left empty", async () => {
		expect((await type("\r")).result).toBeNull();
	});

	it("refuses two passwords that differ, and a password that is too short", async () => {
		expect((await type("correct horse\r", "correct house\r")).result).toBe("The two passwords differ. Nothing was changed.");
		expect((await type("correct\r")).result).toBe("A password has 8 to 128 characters, and this one has 7. Nothing was changed.");
	});

	it("ends at Ctrl-C", async () => {
		expect((await type("corr\u0003")).result).toBe("Aborted. Nothing was changed.");
	});
});

describe("findPasswordViolation", () => {
	it.each([
		[7, false],
		[8, true],
		[128, true],
		[129, false],
	])("a password of %i characters is accepted: %s", (chars, isAccepted) => {
		expect(findPasswordViolation("\u{1F3AC}".repeat(chars)) === null).toBe(isAccepted);
	});
});
