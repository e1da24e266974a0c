/**
 * Finds a Redis server binary: the one on PATH, else Debian's package, downloaded and unpacked into the cache folder. That installs
 * nothing on the system and needs no root.
 */
import { findOnPath } from "../process/find-on-path.ts";
import { type RedisServer, unpackRedisPackage } from "./unpack-redis-package.ts";

const INSTALL_HINT =
	"No redis-server was found. Install Redis 7 (Debian: apt-get install redis-server, macOS: brew install redis), " +
	"or run docker compose up -d and set REDIS_URL=redis://127.0.0.1:6379.";

/** Resolves to a binary that runs on this machine. Rejects with a message that says what to install. */
export async function findRedisServer(): Promise<RedisServer> {
	const installed = findOnPath("redis-server", "valkey-server");
	if (installed !== null) return { command: installed, env: {} };
	if (findOnPath("apt-get") === null || findOnPath("dpkg-deb") === null) throw new Error(INSTALL_HINT);
	try {
		return await unpackRedisPackage();
	} catch (error) {
		throw new Error(`${INSTALL_HINT} (Unpacking Debian's Redis package failed: ${String(error)})`, { cause: error });
	}
}
