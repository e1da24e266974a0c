/** Whether the server behind a connection is a primary. A subscriber or a blocked reader gets no error when its server is demoted. */
import type { Redis } from "ioredis";
import { inspectServer } from "./inspect-server.ts";

/** The server is a replica: the address must be resolved again. A link retires the connection of a call that throws this. */
export class DemotedServer extends Error {
	override readonly name = "DemotedServer";
	constructor() {
		super("the server is a replica");
	}
}

/** Rejects with `DemotedServer` on a replica, and as the connection does when it is lost. */
export type RoleCheck = (redis: Redis) => Promise<void>;

/** A server that refuses to tell its role is asked once per connection; it is then left by what it answers to writes. */
export function createRoleCheck(): RoleCheck {
	const refused = new WeakSet<Redis>();
	return async (redis) => {
		if (refused.has(redis)) return;
		try {
			assertPrimary((await inspectServer(redis, "replication")).role);
		} catch (error) {
			if (!(error instanceof Error) || error.name !== "ReplyError") throw error;
			refused.add(redis);
		}
	};
}

/** The same, and rejects unless a PING is answered: a server that refuses to tell its role still answers that. */
export function createPingedRoleCheck(): RoleCheck {
	const checkRole = createRoleCheck();
	return async (redis) => {
		await Promise.all([redis.ping(), checkRole(redis)]);
	};
}

/** Throws `DemotedServer` for the role of a replica, as INFO names it. */
export function assertPrimary(role: string | undefined): void {
	if (role === "slave") throw new DemotedServer();
}
