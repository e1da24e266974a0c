import { describe, expect, it } from "vitest";
import type { Send } from "./retry.ts";
import type { Session } from "./schema.ts";
import { createSessionTokens, withTokens } from "./tokens.ts";

const request = (path = "/bookings", init?: RequestInit) => new Request(`http://api.test/api/v1${path}`, init);
const tokenOf = ({ headers }: Request) => headers.get("authorization")?.replace("Bearer ", "") ?? null;
/** A fake server that accepts only this token, and records the token of each request. */
const accepting = (accepted: string, seen: (string | null)[] = []): Send => {
	return async (sent) => {
		seen.push(tokenOf(sent));
		return new Response(await sent.text(), { status: tokenOf(sent) === accepted ? 200 : 401 });
	};
};

const session = (name: string): Session => ({
	user: { id: "u", email: "ada@example.com", displayName: "Ada", role: "user", createdAt: "2026-11-22T00:00:00.000Z" },
	accessToken: `access-${name}`,
	refreshToken: `refresh-${name}`,
	expiresInSeconds: 900,
});

describe("withTokens", () => {
	it("sends the token with every request except register, login and refresh", async () => {
		const seen: (string | null)[] = [];
		const send = withTokens(accepting("good", seen), { access: () => "good" });
		for (const path of ["/bookings", "/auth/me", "/auth/logout", "/auth/login", "/auth/register", "/auth/refresh"])
			await send(request(path));
		expect(seen).toEqual(["good", "good", "good", null, null, null]);
	});

	it("renews a refused token once for all waiting requests and sends each of them again with its body", async () => {
		let [current, renewals] = ["old", 0];
		const send = withTokens(accepting("new"), {
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

	it("does not renew a token that another request has renewed already", async () => {
		let current = "old";
		const send = withTokens(
			async (sent) => {
				const answer = await accepting("new")(sent);
				current = "new";
				return answer;
			},
			{ access: () => current, renew: () => Promise.reject(new Error("renewed a token that was renewed already")) },
		);
		expect((await send(request())).status).toBe(200);
	});

	it("returns the 401 when the token cannot be renewed, and sends a request at most twice", async () => {
		const seen: (string | null)[] = [];
		expect((await withTokens(accepting("good", seen), { access: () => "old" })(request())).status).toBe(401);
		expect((await withTokens(accepting("good", seen), { access: () => "old", renew: async () => null })(request())).status).toBe(401);
		expect((await withTokens(accepting("good", seen), { access: () => "old", renew: async () => "other" })(request())).status).toBe(401);
		expect(seen).toEqual(["old", "old", "old", "other"]);
	});

	it("returns the 401 for a wrong password unread, without renewing the token or sending the password again", async () => {
		let sent = 0;
		const send = withTokens(
			async () => {
				sent += 1;
				return Response.json({ code: "invalid_credentials" }, { status: 401 });
			},
			{ access: () => "good", renew: () => Promise.reject(new Error("renewed a token that was not refused")) },
		);
		const answer = await send(request("/auth/me", { method: "DELETE", body: "{}" }));
		expect([answer.status, await answer.json(), sent]).toEqual([401, { code: "invalid_credentials" }, 1]);
	});
});

describe("createSessionTokens", () => {
	const refreshing =
		(answer: () => Response, asked: unknown[] = []): Send =>
		async (sent) => {
			asked.push([new URL(sent.url).pathname, await sent.json()]);
			return answer();
		};
	const json = (body: unknown, status = 200) =>
		new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });

	it("refreshes with the refresh token and passes the new session to onChange", async () => {
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

	it("ends the session on a refused refresh token and keeps it when the server fails", async () => {
		const refused = createSessionTokens({ baseUrl: "http://api.test", session: session("1"), fetch: refreshing(() => json({}, 401)) });
		expect([await refused.renew?.(), refused.session()]).toEqual([null, null]);
		const broken = createSessionTokens({ baseUrl: "http://api.test", session: session("1"), fetch: refreshing(() => json({}, 500)) });
		expect([await broken.renew?.(), broken.session()]).toEqual([null, session("1")]);
	});

	it("does not restore a session whose user signed out during the refresh", async () => {
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

	describe("in several tabs", () => {
		/** A fake server that accepts each refresh token once and counts its requests, and tabs that share one stored session. */
		function serverAndTabs(tabs: number, latencyMs = 5) {
			let stored: Session | null = session("1");
			let requests = 0;
			const send: Send = async (sent) => {
				requests += 1;
				const { refreshToken } = (await sent.json()) as { refreshToken: string };
				await new Promise((resolve) => setTimeout(resolve, latencyMs));
				return refreshToken === `refresh-${requests}` ? json(session(String(requests + 1))) : json({}, 401);
			};
			const open = () =>
				createSessionTokens({
					baseUrl: "http://api.test",
					session: stored,
					reload: () => stored,
					onChange: (next) => {
						stored = next;
					},
					fetch: send,
				});
			return {
				tabs: Array.from({ length: tabs }, open),
				stored: () => stored,
				store: (next: Session | null) => (stored = next),
				requests: () => requests,
			};
		}

		it("one tab refreshes and all tabs get the new token", async () => {
			const { tabs, stored, requests } = serverAndTabs(3);
			expect(await Promise.all(tabs.map((tab) => tab.renew?.()))).toEqual(["access-2", "access-2", "access-2"]);
			expect([requests(), stored()]).toEqual([1, session("2")]);
		});

		it("a tab that was idle uses the stored session and no refresh token that another tab has used", async () => {
			const { tabs, stored } = serverAndTabs(2);
			const [active, idle] = tabs;
			expect(await active?.renew?.()).toBe("access-2");
			expect([idle?.access(), idle?.session()]).toEqual(["access-2", session("2")]);
			expect([await idle?.renew?.(), await active?.access(), stored()]).toEqual(["access-3", "access-3", session("3")]);
		});

		it("signing out in one tab ends the session in all tabs, even during a refresh in another", async () => {
			const { tabs, store, stored } = serverAndTabs(2);
			const [one, other] = tabs;
			const refreshing = one?.renew?.();
			await Promise.resolve();
			store(null);
			expect([await refreshing, other?.access(), stored()]).toEqual([null, null, null]);
		});
	});
});
