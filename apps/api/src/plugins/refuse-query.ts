/**
 * A route that takes no query refuses one, as any unknown field is refused: a misspelt or misplaced parameter that is passed over
 * would be a wish that nobody heard. Register before the routes.
 */
import type { RouteOptions } from "fastify";
import fp from "fastify-plugin";
import { Type } from "typebox";
import { CLOSED } from "../contract/share.ts";

const NO_QUERY = Type.Object({}, CLOSED);

export const refuseQuery = fp(
	(app, _options, done) => {
		app.addHook("onRoute", closeQuery);
		done();
	},
	{ name: "refuse-query" },
);

/** Only of the contract's routes: those that the document leaves out answer whom they like. */
function closeQuery(route: RouteOptions): void {
	const { schema } = route;
	if (schema === undefined || schema.hide === true || schema.querystring !== undefined) return;
	schema.querystring = NO_QUERY;
	const { problems = [] } = route.config ?? {};
	if (!problems.includes("invalid_request")) route.config = { ...route.config, problems: ["invalid_request", ...problems] };
}
