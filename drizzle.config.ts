/** The configuration of drizzle-kit for `npm run db:generate`, which needs no database. */
export default {
	dialect: "postgresql",
	schema: "./packages/database/src/schema/index.ts",
	out: "./drizzle",
};
