import { describe, expect, it } from "vitest";
import type { Send } from "./retry.ts";
import type { Session } from "./schema.ts";
import { createSessionTokens, withTokens } from "./tokens.ts";

const request = (path = "/bookings", init?: RequestInit) => new Request(`http://api.test/api/v1${path}`, init);
const tokenOf = ({ headers }: Request) => headers.get("authorization")?.replace("Bearer ", "") ?? null;
/** Takes only this token. */
const taking = (good: string, seen: (string | null)[] = []): Send => {
	return async (asked) => {
		seen.push(tokenOf(asked));
		return new Response(await asked.text(), { status: tokenOf(asked) === good ? 200 : 401 });
	};
};

const session = (name: string): Session => ({
	user: { id: "u", email: "ada@example.com", displayName: "Ada", role: "user", createdAt: "2026-11-22T00:00:00.000Z" },
	accessToken: `access-${name}`,
	refreshToken: `refresh-${name}`,
	expiresInSeconds: 900,
});

describe("a token", () => {
	it("goes along with every request that may be somebody's, and with none that says who it is by itself", async () => {
		const seen: (string | null)[] = [];
		const send = withTokens(taking("good", seen), { access: () => "good" });
		for (const path of ["/bookings", "/auth/me", "/auth/logout", "/auth/login", "/auth/register", "/auth/refresh"])
			await send(request(path));
		expect(seen).toEqual(["good", "good", "good", null, null, null]);
	});

	it("is replaced once for all requests that it was refused, and each of those is sent again with its body", async () => {
		let [current, renewals] = ["old", 0];
		const send = withTokens(taking("new"), {
			access: () => current,
			async renew() {
				renewals += 1;
				await new Promise((resolve) => setTimeout(resolve, 10));
				current = "new";
				return current;
			},
		});
		const answers = await Promise.all(["a", "b", "c"].map((body) => send(request("/bookings", { method: "POST", body }))));
		expect(await Promise.all(answers.map(async (answer) => [answer.status, await answer.text()]))).toEqual([
			[200, "a"],
			[200, "b"],
			[200, "c"],
		]);
		expect(renewals).toBe(1);
	});

	it("that somebody else replaced meanwhile is not replaced again", async () => {
		let current = "old";
		const send = withTokens(
			async (asked) => {
				const answer = await taking("new")(asked);
				current = "new";
				return answer;
			},
			{ access: () => current, renew: () => Promise.reject(new Error("there is a new one already")) },
		);
		expect((await send(request())).status).toBe(200);
	});

	it("that cannot be replaced leaves the answer as it is; the request is sent twice at most", async () => {
		const seen: (string | null)[] = [];
		expect((await withTokens(taking("good", seen), { access: () => "old" })(request())).status).toBe(401);
		expect((await withTokens(taking("good", seen), { access: () => "old", renew: async () => null })(request())).status).toBe(401);
		expect((await withTokens(taking("good", seen), { access: () => "old", renew: async () => "other" })(request())).status).toBe(401);
		expect(seen).toEqual(["old", "old", "old", "other"]);
	});
});

describe("tokens of a session", () => {
	const refreshing =
		(answer: () => Response, asked: unknown[] = []): Send =>
		async (sent) => {
			asked.push([new URL(sent.url).pathname, await sent.json()]);
			return answer();
		};
	const json = (body: unknown, status = 200) =>
		new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });

	it("are refreshed with the refresh token, and the new session is kept", async () => {
		const [asked, kept]: [unknown[], unknown[]] = [[], []];
		const tokens = createSessionTokens({
			baseUrl: "http://api.test",
			session: session("1"),
			onChange: (next) => kept.push(next),
			fetch: refreshing(() => json(session("2")), asked),
		});
		expect([await tokens.access(), await tokens.renew?.(), await tokens.access()]).toEqual(["access-1", "access-2", "access-2"]);
		expect(asked).toEqual([["/api/v1/auth/refresh", { refreshToken: "refresh-1" }]]);
		expect(kept).toEqual([session("2")]);
	});

	it("end with a refresh token that is refused, and outlive a server that cannot tell", async () => {
		const refused = createSessionTokens({ baseUrl: "http://api.test", session: session("1"), fetch: refreshing(() => json({}, 401)) });
		expect([await refused.renew?.(), refused.session()]).toEqual([null, null]);
		const broken = createSessionTokens({ baseUrl: "http://api.test", session: session("1"), fetch: refreshing(() => json({}, 500)) });
		expect([await broken.renew?.(), broken.session()]).toEqual([null, session("1")]);
	});

	it("of somebody who signed out meanwhile do not come back", async () => {
		const tokens = createSessionTokens({
			baseUrl: "http://api.test",
			session: session("1"),
			fetch: async () => {
				tokens.set(null);
				return json(session("2"));
			},
		});
		expect([await tokens.renew?.(), tokens.session()]).toEqual([null, null]);
	});

	describe("shared by several tabs", () => {
		/** Takes each refresh token once, as the server does, and says how often it was asked. */
		function serverAndTabs(tabs: number, latencyMs = 5) {
			let kept: Session | null = session("1");
			let asked = 0;
			const send: Send = async (sent) => {
				asked += 1;
				const { refreshToken } = (await sent.json()) as { refreshToken: string };
				await new Promise((resolve) => setTimeout(resolve, latencyMs));
				return refreshToken === `refresh-${asked}` ? json(session(String(asked + 1))) : json({}, 401);
			};
			const open = () =>
				createSessionTokens({
					baseUrl: "http://api.test",
					session: kept,
					reload: () => kept,
					onChange: (next) => {
						kept = next;
					},
					fetch: send,
				});
			return {
				tabs: Array.from({ length: tabs }, open),
				kept: () => kept,
				keep: (next: Session | null) => (kept = next),
				asked: () => asked,
			};
		}

		it("are refreshed by one of them, one after the other, and all have what it got", async () => {
			const { tabs, kept, asked } = serverAndTabs(3);
			expect(await Promise.all(tabs.map((tab) => tab.renew?.()))).toEqual(["access-2", "access-2", "access-2"]);
			expect([asked(), kept()]).toEqual([1, session("2")]);
		});

		it("are what is kept, however long this tab slept: nobody uses a refresh token that another has used", async () => {
			const { tabs, kept } = serverAndTabs(2);
			const [awake, asleep] = tabs;
			expect(await awake?.renew?.()).toBe("access-2");
			expect([asleep?.access(), asleep?.session()]).toEqual(["access-2", session("2")]);
			expect([await asleep?.renew?.(), await awake?.access(), kept()]).toEqual(["access-3", "access-3", session("3")]);
		});

		it("are over in all of them when one signs out, even while another refreshes", async () => {
			const { tabs, keep, kept } = serverAndTabs(2);
			const [one, other] = tabs;
			const refreshing = one?.renew?.();
			await Promise.resolve();
			keep(null);
			expect([await refreshing, other?.access(), kept()]).toEqual([null, null, null]);
		});
	});
});
