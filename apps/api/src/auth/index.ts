/** The auth routes: register, log in, refresh, log out, show the signed-in user, and delete the own account. */
import type { ApiServer } from "../api-server.ts";
import type { RouteDeps } from "../deps.ts";
import { addDeleteMe } from "./delete-me.ts";
import { addLogIn } from "./log-in.ts";
import { addLogOut } from "./log-out.ts";
import { addRefreshSession } from "./refresh-session.ts";
import { addRegister } from "./register.ts";
import { addShowMe } from "./show-me.ts";

/** Registers the auth routes. `app` has the prefix `/auth`. */
export function addAuthRoutes(app: ApiServer, deps: RouteDeps): void {
	app.addHook("onRequest", (_request, reply, next) => {
		reply.header("cache-control", "no-store");
		next();
	});
	app.addHook("preParsing", app.limitSession);
	addRegister(app, deps);
	addLogIn(app, deps);
	addRefreshSession(app, deps);
	addLogOut(app, deps);
	addShowMe(app, deps);
	addDeleteMe(app, deps);
}
