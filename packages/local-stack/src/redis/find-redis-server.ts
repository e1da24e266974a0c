/**
 * A Redis server to run: the one on PATH, else Debian's package unpacked into the cache folder (nothing is installed,
 * no rights are needed). The result can be used for the life of the process.
 */
import { findOnPath } from "../process/find-on-path.ts";
import { type RedisServer, unpackRedisPackage } from "./unpack-redis-package.ts";

const HOW_TO_GET_ONE =
	"No redis-server found: install Redis 7 (Debian: apt-get install redis-server, macOS: brew install redis), " +
	"or run docker compose up -d and set REDIS_URL=redis://127.0.0.1:6379.";

/** Rejects with one sentence that says what to install. */
export async function findRedisServer(): Promise<RedisServer> {
	const installed = findOnPath("redis-server", "valkey-server");
	if (installed !== null) return { command: installed, env: {} };
	if (findOnPath("apt-get") === null || findOnPath("dpkg-deb") === null) throw new Error(HOW_TO_GET_ONE);
	try {
		return await unpackRedisPackage();
	} catch (error) {
		throw new Error(`${HOW_TO_GET_ONE} (Unpacking Debian's package did not work: ${String(error)})`, { cause: error });
	}
}
