/** How `npm run db:generate` turns a change of the schema into a named migration. Needs no database. */
export default {
	dialect: "postgresql",
	schema: "./packages/database/src/schema/index.ts",
	out: "./drizzle",
};
