/** `npm run users:delete` on a running stack: its output, its exit code, and the answers of the API afterwards. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { findProgram } from "@holdfast/local-stack";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Buyer, idOf, openTestStack, type TestStack } from "./open-test-stack.ts";

const ROOT = join(import.meta.dirname, "../../..");
const PROGRAM = findProgram("apps/sweeper/src/bin/delete-user.ts");
/** The program starts in about a second and then waits for five, so some confirms come before the tokens are denied and some after. */
const CONFIRM_EVERY_MS = 2_000;

let test: TestStack;
beforeAll(async () => {
	test = await openTestStack();
});
afterAll(() => test.close());

type Ended = { readonly code: number; readonly printed: string };

/** Runs the whole command, as an operator does. */
const runWithNpm = (commandArgs: readonly string[]) => execute("npm", ["run", "--silent", "users:delete", "--", ...commandArgs]);

/** Runs only the program behind the command: npm and the search for the stores take longer than the program itself. */
const run = (commandArgs: readonly string[], environment: Record<string, string> = {}) =>
	execute(process.execPath, [PROGRAM, ...commandArgs], environment);

function execute(file: string, args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
	const { databaseUrl, redisUrl } = test.stack.info;
	const env = { ...process.env, DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, ...environment };
	return new Promise((resolve) => {
		execFile(file, args, { cwd: ROOT, env }, (error, stdout, stderr) =>
			resolve({ code: error === null ? 0 : Number(error.code), printed: stdout + stderr }),
		);
	});
}

const emailOf = ({ userId }: Buyer) => `buyer-${userId}@example.com`;

async function newBuyer(): Promise<Buyer> {
	const [buyer] = await test.buyers(1);
	if (buyer === undefined) throw new Error("no buyer was inserted");
	return buyer;
}

const rowOf = async ({ userId }: Buyer) =>
	(
		await test.query(
			`select email, password_hash, display_name, deletion_started_at is not null as denied from users where id = '${userId}'`,
		)
	)[0];

it.concurrent("users:delete deletes an account, puts its held seats on sale, and makes its access tokens invalid", async () => {
	const [buyer, other, showtimeId] = [await newBuyer(), await newBuyer(), await test.showtime()];
	const held = idOf(await buyer.hold(showtimeId, ["A1", "A2"]));
	expect(await other.hold(showtimeId, ["A1"])).toMatchObject({ status: 409, code: "seats_taken" });

	const { code, printed } = await runWithNpm(["--email", emailOf(buyer).toUpperCase()]);
	expect(printed).toBe(`Deleted the account ${emailOf(buyer).toUpperCase()} (user ${buyer.userId}; holds released: 1).\n`);
	expect(code).toBe(0);
	expect(await rowOf(buyer)).toEqual({ email: null, password_hash: null, display_name: null, denied: "t" });
	expect(await buyer.confirm(held)).toMatchObject({ status: 401, code: "unauthenticated" });
	expect(await buyer.hold(showtimeId, ["B1"])).toMatchObject({ status: 401, code: "unauthenticated" });
	expect((await other.hold(showtimeId, ["A1", "A2"])).status).toBe(201);

	const again = await runWithNpm(["--email", emailOf(buyer)]);
	expect(again).toEqual({ code: 1, printed: `There is no account with the e-mail ${emailOf(buyer)}. Nothing was changed.\n` });
	expect(await test.proof.violations(showtimeId)).toEqual([]);
});

it.concurrent("users:delete keeps an account with an upcoming booking and lists the booking, and deletes the account after a cancel", async () => {
	const [buyer, showtimeId] = [await newBuyer(), await test.showtime()];
	const bought = idOf(await buyer.hold(showtimeId, ["A1"]));
	expect((await buyer.confirm(bought)).status).toBe(200);
	const kept = await run(["--email", emailOf(buyer)]);
	expect(kept.printed).toMatch(
		new RegExp(
			`^The account ${emailOf(buyer)} was not deleted: .*\n  ${bought}  2\\d{3}-.*Z  The Third Man\nNothing was changed.\nRun the command again .*\n$`,
		),
	);
	expect(kept.code).toBe(1);
	expect(await rowOf(buyer)).toMatchObject({ email: emailOf(buyer), denied: "f" });

	expect((await buyer.cancel(bought)).status).toBe(200);
	expect((await run(["--email", emailOf(buyer)])).code).toBe(0);
	await test.proof.drained(10_000);
	const rows = await test.query(`select id, state from bookings where user_id = '${buyer.userId}'`);
	expect(rows).toEqual([{ id: bought, state: "CANCELLED" }]);
	expect(await test.query("select entry_id from dead_letters")).toEqual([]);
	expect(await test.proof.violations(showtimeId)).toEqual([]);
});

it.concurrent("users:delete changes nothing and says so when Redis or Postgres is down, or when the e-mail is missing", async () => {
	const buyer = await newBuyer();
	const noRedis = await run(["--email", emailOf(buyer)], { REDIS_URL: "redis://127.0.0.1:9" });
	expect(noRedis.printed).toMatch(/^Redis is unreachable or refuses writes .* Nothing was changed\.\n$/);
	const noPostgres = await run(["--email", emailOf(buyer)], { DATABASE_URL: "postgres://absent@127.0.0.1:9/none" });
	expect(noPostgres.printed).toBe("Postgres is unreachable or refuses writes. Nothing was changed.\n");
	const usage = { code: 1, printed: "Usage: npm run users:delete -- --email <address>\n" };
	expect([noRedis.code, noPostgres.code]).toEqual([1, 1]);
	const invalid = [[], ["--email"], ["--email", ""], ["--mail", emailOf(buyer)], [emailOf(buyer)]];
	expect(await Promise.all(invalid.map((commandArgs) => run(commandArgs)))).toEqual(invalid.map(() => usage));
	expect(await rowOf(buyer)).toMatchObject({ email: emailOf(buyer), denied: "f" });
	expect((await buyer.hold(await test.showtime(), ["A1"])).status).toBe(201);
});

it.concurrent("a buyer who confirms during users:delete either keeps the account with the booking, or loses the account and gets 401 or 409", async () => {
	const showtimeId = await test.showtime();
	const buyers = await test.buyers(4);
	await Promise.all(
		buyers.map(async (buyer, place) => {
			const id = idOf(await buyer.hold(showtimeId, [`C${place + 1}`]));
			const deletion = run(["--email", emailOf(buyer)]);
			await delay(place * CONFIRM_EVERY_MS);
			const confirm = await buyer.confirm(id);
			const { code, printed } = await deletion;
			const row = await rowOf(buyer);
			if (confirm.status === 200) {
				expect(code).toBe(1);
				expect(printed).toContain(id);
				expect(row).toMatchObject({ email: emailOf(buyer), denied: "f" });
			} else {
				expect([401, 409]).toContain(confirm.status);
				expect(code).toBe(0);
				expect(row).toMatchObject({ email: null, denied: "t" });
			}
		}),
	);
	await test.proof.drained(10_000);
	const orphaned = await test.query(
		"select bookings.id from bookings join users on users.id = user_id where state = 'CONFIRMED' and email is null",
	);
	expect(orphaned).toEqual([]);
	expect(await test.proof.violations(showtimeId)).toEqual([]);
});
