import { scryptSync } from "node:crypto";
import { expect, test } from "vitest";
import { QueueFull } from "./limit-concurrency.ts";
import { hashPassword, verifyPassword } from "./password.ts";

/** A hash as an older version with a lower cost would have stored it. */
function oldHash(password: string, logN = 14): string {
	const salt = Buffer.from("sixteen bytes...");
	const hash = scryptSync(password, salt, 32, { N: 2 ** logN, r: 8, p: 1 });
	return `$scrypt$ln=${logN},r=8,p=1$${salt.toString("base64").replaceAll("=", "")}$${hash.toString("base64").replaceAll("=", "")}`;
}

test("a hash is a PHC string at today's cost, has its own salt, and matches its password alone", async () => {
	const [first, second] = await Promise.all([hashPassword("correct horse"), hashPassword("correct horse")]);
	expect(first).toMatch(/^\$scrypt\$ln=17,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
	expect(second).not.toBe(first);
	expect(await verifyPassword("correct horse", first)).toEqual({ matches: true, rehash: false });
	expect(await verifyPassword("correct horsf", first)).toEqual({ matches: false, rehash: false });
});

test("a hash of another cost still matches and asks to be made anew", async () => {
	expect(await verifyPassword("pass word", oldHash("pass word"))).toEqual({ matches: true, rehash: true });
	expect(await verifyPassword("pass w0rd", oldHash("pass word"))).toEqual({ matches: false, rehash: false });
});

test("one password in two Unicode spellings is one password", async () => {
	expect((await verifyPassword("cafe\u0301", oldHash("caf\u00e9"))).matches).toBe(true);
});

test("an unknown user costs just what a known one does, and never matches", async () => {
	const stored = await hashPassword("another");
	const ask = async (of: string | null): Promise<number> => {
		const startMs = process.cpuUsage().user;
		expect(await verifyPassword("anything", of)).toEqual({ matches: false, rehash: false });
		return process.cpuUsage().user - startMs;
	};
	// Processor time, the least of some: that of a derivation, without what else the machine does. The next cheaper cost is half of it.
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

test("text that is no hash of ours is a fault, and so is a cost beyond our memory", async () => {
	await expect(verifyPassword("x", "plain text")).rejects.toThrow("no scrypt PHC string");
	await expect(verifyPassword("x", oldHash("x").replace("ln=14", "ln=20"))).rejects.toThrow(/memory limit/i);
});

test("two run and 64 wait; the next is refused at once", async () => {
	const cheap = oldHash("x", 10);
	const accepted = Array.from({ length: 66 }, () => verifyPassword("x", cheap));
	await expect(verifyPassword("x", cheap)).rejects.toBeInstanceOf(QueueFull);
	expect(await Promise.all(accepted)).toHaveLength(66);
});
