-- The account that owns what staff sell at the counter (BOX_OFFICE_USER_ID of the domain). Without e-mail and password it can never sign
-- in, and like an account that was deleted it gets no session in any other way.
INSERT INTO "users" ("id", "role", "deletion_started_at") VALUES ('00000000-0000-7000-8000-00000000b0f1', 'user', now());
