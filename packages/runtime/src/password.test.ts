import { scryptSync } from "node:crypto";
import { expect, test } from "vitest";
import { QueueFull } from "./limit-concurrency.ts";
import { createPasswords } from "./password.ts";

const { hash: hashPassword, verify: verifyPassword } = createPasswords();

/** A hash as an older version with a lower cost would have stored it. */
function oldHash(password: string, logN = 14): string {
	const salt = Buffer.from("sixteen bytes...");
	const hash = scryptSync(password, salt, 32, { N: 2 ** logN, r: 8, p: 1 });
	return `$scrypt$ln=${logN},r=8,p=1$${salt.toString("base64").replaceAll("=", "")}$${hash.toString("base64").replaceAll("=", "")}`;
}

test("a hash is a PHC string with the current cost and its own salt, and matches only its password", async () => {
	const [first, second] = await Promise.all([hashPassword("correct horse"), hashPassword("correct horse")]);
	expect(first).toMatch(/^\$scrypt\$ln=17,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
	expect(second).not.toBe(first);
	expect(await verifyPassword("correct horse", first)).toEqual({ matches: true, rehash: false });
	expect(await verifyPassword("correct horsf", first)).toEqual({ matches: false, rehash: false });
});

test("a hash with an older cost still matches, and verifyPassword asks for a rehash", async () => {
	expect(await verifyPassword("pass word", oldHash("pass word"))).toEqual({ matches: true, rehash: true });
	expect(await verifyPassword("pass w0rd", oldHash("pass word"))).toEqual({ matches: false, rehash: false });
});

test("a password matches in both Unicode spellings of an accented letter", async () => {
	expect((await verifyPassword("cafe\u0301", oldHash("caf\u00e9"))).matches).toBe(true);
});

test("verifyPassword takes as long for an unknown user as for a known one, and does not match", async () => {
	const stored = await hashPassword("another");
	const ask = async (of: string | null): Promise<number> => {
		const startMs = process.cpuUsage().user;
		expect(await verifyPassword("anything", of)).toEqual({ matches: false, rehash: false });
		return process.cpuUsage().user - startMs;
	};
	// The least CPU time of several attempts is the cost of the derivation alone. The next lower cost would take half of it.
	const least: number[] = [];
	for (const of of [null, stored]) {
		const tries: number[] = [];
		for (let attempt = 0; attempt < 4; attempt += 1) tries.push(await ask(of));
		least.push(Math.min(...tries));
	}
	const [unknown = 0, known = 0] = least;
	expect(unknown / known).toBeGreaterThan(1 / 1.5);
	expect(unknown / known).toBeLessThan(1.5);
});

test("verifyPassword throws on a stored text that is not a scrypt hash, and on a cost above the memory limit", async () => {
	await expect(verifyPassword("x", "plain text")).rejects.toThrow("not a scrypt PHC string");
	await expect(verifyPassword("x", oldHash("x").replace("ln=14", "ln=20"))).rejects.toThrow(/memory limit/i);
});

test("verifyPassword runs 2 derivations, queues 64, and rejects the next at once", async () => {
	const cheap = oldHash("x", 10);
	const accepted = Array.from({ length: 66 }, () => verifyPassword("x", cheap));
	await expect(verifyPassword("x", cheap)).rejects.toBeInstanceOf(QueueFull);
	expect(await Promise.all(accepted)).toHaveLength(66);
});
