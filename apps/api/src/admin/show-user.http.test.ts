import { newUserId } from "@holdfast/domain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectNoQuery } from "../testing/provoke.ts";
import { problemIn } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

let api: TestApi;
let admin: TestUser;
beforeAll(async () => {
	api = await startTestApi();
	admin = await api.newAdmin();
});
afterAll(() => api.close());

const show = (id: string) => api.call(`GET /admin/users/${id}`, { token: admin.token });

describe("200", () => {
	it("shows a user with the version as ETag, and a deleted account without e-mail and name", async () => {
		const { id } = await api.newUser();
		const { status, headers, body } = await show(id);
		expect([status, headers.etag]).toEqual([200, '"1"']);
		const user = { id, email: `buyer-${id}@example.com`, displayName: "Buyer", role: "user", blockedAt: null, deletionStartedAt: null };
		expect(body).toEqual({ ...user, version: 1, createdAt: expect.any(String) });
		await api.sql(
			`update users set email = null, password_hash = null, display_name = null, deletion_started_at = now() where id = '${id}'`,
		);
		expect((await show(id)).body).toMatchObject({ id, email: null, displayName: null, deletionStartedAt: expect.any(String) });
	});
});

describe("400 invalid_request", () => {
	it("refuses a query parameter at /admin/users/:id", async () => expectNoQuery(api, `GET /admin/users/${newUserId()}`, admin.token));
});

describe("404 not_found", () => {
	it.each(["nonsense", newUserId()])("answers not_found for the user id %s", async (id) => {
		expect(problemIn(await show(id)).code).toBe("not_found");
	});
});
