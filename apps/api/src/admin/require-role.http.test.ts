/** What guards the admin plugin as a whole, shown with routes that only this test has. */
import { connect } from "node:net";
import { changeRole } from "@holdfast/accounts";
import { OPERATOR } from "@holdfast/database";
import { waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ApiServer } from "../api-server.ts";
import type { Role } from "../contract/user.ts";
import { problemIn } from "../testing/read-answers.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi({ prepareApp: addProbes });
});
afterAll(() => api.close());

/** Adds two routes inside the admin plugin, beside its first route: one that names no role, and one for users. */
function addProbes(app: ApiServer): void {
	let isAdded = false;
	app.addHook("onRoute", function ({ path }) {
		if (isAdded || !path.startsWith("/api/v1/admin/")) return;
		isAdded = true;
		const add = (url: string, role?: Role) =>
			this.route({ method: "GET", url, schema: { hide: true }, config: role === undefined ? {} : { role }, handler: async () => ({}) });
		add("/probe");
		add("/probe-of-users", "user");
	});
}

const ask = (path: string, token?: string) => api.call(`GET /admin/${path}`, { token });

describe("a route in the admin plugin", () => {
	it("is for admins when its author names no role", async () => {
		const [user, admin] = [await api.newUser(), await api.newAdmin()];
		expect((await ask("probe")).status).toBe(401);
		expect(problemIn(await ask("probe", user.token)).code).toBe("forbidden");
		expect((await ask("probe", admin.token)).status).toBe(200);
	});

	it("is for the role that its author names", async () => {
		const [user, admin] = [await api.newUser(), await api.newAdmin()];
		expect((await ask("probe-of-users")).status).toBe(401);
		expect((await ask("probe-of-users", user.token)).status).toBe(200);
		expect(problemIn(await ask("probe-of-users", admin.token)).code).toBe("forbidden");
	});
});

describe("a body that arrives after its admin was demoted", () => {
	it("changes nothing: the token is checked again when the body is complete", async () => {
		const admin = await api.newAdmin();
		const port = Number(new URL(await api.app.listen({ host: "127.0.0.1", port: 0 })).port);
		const body = JSON.stringify({ title: "Too late", durationMinutes: 90, genre: "Drama", status: "now_showing" });
		const socket = connect(port, "127.0.0.1");
		let text = "";
		socket.on("data", (chunk) => {
			text += String(chunk);
		});
		const headers = `host: x\r\nauthorization: Bearer ${admin.token}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`;
		socket.write(`POST /api/v1/admin/movies HTTP/1.1\r\n${headers}\r\n\r\n${body.slice(0, 20)}`);
		await waitUntil("the request to be in flight", () => api.app.requestsInFlight() === 1);
		const { authStore } = api;
		await changeRole({ authStore, database: api.database }, { userId: admin.id, role: "user", origin: OPERATOR });
		socket.write(body.slice(20));
		await waitUntil("the answer", () => text.includes("\r\n\r\n"));
		socket.destroy();
		expect(text).toMatch(/^HTTP\/1.1 401 /);
		expect(await api.sql("select id from movies where title = 'Too late'")).toEqual([]);
	});
});
