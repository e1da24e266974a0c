/** Register, sign in, and who am I. */
import type { AppDeps, Routes } from "../routes.ts";
import { addLogIn } from "./log-in.ts";
import { addRegister } from "./register.ts";
import { addShowMe } from "./show-me.ts";

export function addAuthRoutes(app: Routes, deps: AppDeps): void {
	app.addHook("onRequest", (_request, reply, next) => {
		reply.header("cache-control", "no-store");
		next();
	});
	addRegister(app, deps);
	addLogIn(app, deps);
	addShowMe(app, deps);
}
