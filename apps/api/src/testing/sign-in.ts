/** Sessions in tests: how one is opened, and what an answer says of it. */
import { createHmac } from "node:crypto";
import { createDatabase, openRefreshFamily } from "@holdfast/database";
import type { TestAnswer } from "./read-answers.ts";
import { JWT_SECRET, type TestApi, type TestUser } from "./start-test-api.ts";

export type Session = { readonly accessToken: string; readonly refreshToken: string };

export function sessionIn({ status, body }: TestAnswer): Session {
	if (status >= 300) throw new Error(`expected a session, got ${JSON.stringify(body)}`);
	return body as Session;
}

/** The token claims of an access token, unverified. */
export const tokenClaimsOf = (token: string): Record<string, unknown> =>
	Object(JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()));

/** The same access token, a minute after its time. */
export function expired(token: string): string {
	const [header] = token.split(".");
	const tokenClaims = { ...tokenClaimsOf(token), exp: Math.floor(Date.now() / 1000) - 60 };
	const signed = `${header}.${Buffer.from(JSON.stringify(tokenClaims)).toString("base64url")}`;
	return `${signed}.${createHmac("sha256", JWT_SECRET).update(signed).digest("base64url")}`;
}

/** A new user's sign-in that never cost a password hash: a family straight from the database, and its first refresh. */
export async function newSession(api: TestApi, user?: TestUser): Promise<Session & { readonly user: TestUser }> {
	const owner = user ?? (await api.newUser());
	const database = createDatabase({ url: api.databaseUrl, poolMax: 1 });
	const opened = await openRefreshFamily(database, owner.id);
	await database.close();
	if (opened.outcome !== "opened") throw new Error(`the sign-in was ${opened.outcome}`);
	const { refreshToken } = opened;
	return { user: owner, ...sessionIn(await api.call("POST /auth/refresh", { body: { refreshToken } })) };
}
