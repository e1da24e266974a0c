/** The tables of the audit trail. The application's role may read them and add rows, and nothing else: `grant-to-application.ts`. */
export const APPEND_ONLY_TABLES: readonly string[] = ["audit_events", "audit_digests"];
