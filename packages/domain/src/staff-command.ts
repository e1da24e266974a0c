/** A command of staff: who gave it, in which request, and why. It travels with the change that it causes, into the audit trail. */
import type { UserId } from "./ids.ts";

/** What the audit trail says about the origin of a change. */
export type StaffCommand = {
	/** The user who gave the command. */
	readonly actor: UserId;
	/** `x-request-id` of the request. */
	readonly requestId: string;
	/** Why, in the words of the actor; null when the command needs no reason and none was given. */
	readonly reason: string | null;
};
