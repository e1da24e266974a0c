/**
 * Checks that the server behind a connection is a primary. A subscriber or a blocked reader gets no error when its server is
 * demoted, so the role must be asked for.
 */
import type { Redis } from "ioredis";
import { inspectServer } from "./inspect-server.ts";

/** The server is a replica, so the address must be resolved again. When a call throws this, the link replaces its connection. */
export class DemotedServer extends Error {
	override readonly name = "DemotedServer";
	constructor() {
		super("the server is a replica");
	}
}

/** Resolves on a primary. Rejects with `DemotedServer` on a replica, and with the connection error when the connection is lost. */
export type RoleCheck = (redis: Redis) => Promise<void>;

/**
 * Returns a check of the role. If an ACL forbids INFO, the check asks only once per connection and passes; such a connection is
 * replaced only when the server refuses a write.
 */
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

/** Returns a check of the role that also rejects unless a PING is answered: a server whose ACL forbids INFO still answers PING. */
export function createPingedRoleCheck(): RoleCheck {
	const checkRole = createRoleCheck();
	return async (redis) => {
		await Promise.all([redis.ping(), checkRole(redis)]);
	};
}

/** Throws `DemotedServer` when `role`, as INFO reports it, is `slave`. */
export function assertPrimary(role: string | undefined): void {
	if (role === "slave") throw new DemotedServer();
}
