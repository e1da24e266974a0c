/** Opens sessions in tests and reads them from responses. */
import { createHmac } from "node:crypto";
import { createDatabase, openRefreshFamily } from "@holdfast/database";
import type { TestAnswer } from "./read-answers.ts";
import { JWT_SECRET, type TestApi, type TestUser } from "./start-test-api.ts";

/** The tokens of one session. */
export type Session = { readonly accessToken: string; readonly refreshToken: string };

/** Returns the session in a response. Throws if the response is an error. */
export function sessionIn({ status, body }: TestAnswer): Session {
	if (status >= 300) throw new Error(`expected a session, got ${JSON.stringify(body)}`);
	return body as Session;
}

/** Returns the claims of an access token without verifying it. */
export const tokenClaimsOf = (token: string): Record<string, unknown> =>
	Object(JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()));

/** Returns the same access token, but expired a minute ago and with a valid signature. */
export function expired(token: string): string {
	const [header] = token.split(".");
	const tokenClaims = { ...tokenClaimsOf(token), exp: Math.floor(Date.now() / 1000) - 60 };
	const signed = `${header}.${Buffer.from(JSON.stringify(tokenClaims)).toString("base64url")}`;
	return `${signed}.${createHmac("sha256", JWT_SECRET).update(signed).digest("base64url")}`;
}

/**
 * Opens a session for a user, by default a new one. Skips the costly password hash: inserts a family into the database and refreshes
 * it once.
 */
export async function newSession(api: TestApi, user?: TestUser): Promise<Session & { readonly user: TestUser }> {
	const owner = user ?? (await api.newUser());
	const database = createDatabase({ url: api.databaseUrl, poolMax: 1 });
	const opened = await openRefreshFamily(database, owner.id);
	await database.close();
	if (opened.outcome !== "opened") throw new Error(`opening a session gave ${opened.outcome}`);
	const { refreshToken } = opened;
	return { user: owner, ...sessionIn(await api.call("POST /auth/refresh", { body: { refreshToken } })) };
}
