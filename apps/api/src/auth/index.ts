/** The auth routes: register, log in, refresh, log out, and show the signed-in user. */
import type { ApiServer } from "../api-server.ts";
import type { AppDeps } from "../deps.ts";
import { addLogIn } from "./log-in.ts";
import { addLogOut } from "./log-out.ts";
import { addRefreshSession } from "./refresh-session.ts";
import { addRegister } from "./register.ts";
import { addShowMe } from "./show-me.ts";

/** Registers the auth routes. `app` has the prefix `/auth`. */
export function addAuthRoutes(app: ApiServer, deps: AppDeps): void {
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
}
