-- The keys of the vault, whole. Migrations add up to exactly this file (tested), so read this one.
--
-- One row per data key. The key itself is wrapped with a key-encryption key that is never in this database, so the table
-- alone opens nothing. A destroyed key keeps its row, without the key, as the proof that it was destroyed.

CREATE SCHEMA IF NOT EXISTS vault;
REVOKE ALL ON SCHEMA vault FROM PUBLIC;

CREATE TABLE vault.data_keys (
    subject       text        NOT NULL COLLATE "C",     -- whose data; an opaque id, never a name
    key_no        integer     NOT NULL,                 -- 1, 2, 3 …; 0 says: erased before there was a key
    wrapped_key   bytea,                                -- AES-256 under AES key wrap; NULL once destroyed
    kek_id        text        NOT NULL COLLATE "C",     -- which key-encryption key wrapped it
    messages      bigint      NOT NULL DEFAULT 0,       -- how many texts processes may have sealed with it
    created_at    timestamptz NOT NULL DEFAULT now(),
    destroyed_at  timestamptz,
    destroyed_by  text,
    reason        text,
    CONSTRAINT data_keys_pkey PRIMARY KEY (subject, key_no),
    CONSTRAINT data_keys_subject_form CHECK (subject ~ '^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,199}$'),
    CONSTRAINT data_keys_key_no_range CHECK (key_no BETWEEN 0 AND 999999999),
    CONSTRAINT data_keys_wrapped_key_length CHECK (octet_length(wrapped_key) = 40),
    -- 2^30 random nonces under one AES-GCM key; 2^32 would be too many.
    CONSTRAINT data_keys_messages_range CHECK (messages BETWEEN 0 AND 1073741824),
    CONSTRAINT data_keys_number_0_has_no_key CHECK (key_no > 0 OR wrapped_key IS NULL),
    CONSTRAINT data_keys_whole_or_destroyed CHECK (
        CASE WHEN wrapped_key IS NULL THEN num_nulls(destroyed_at, destroyed_by, reason) = 0
             ELSE num_nonnulls(destroyed_at, destroyed_by, reason) = 0 END),
    CONSTRAINT data_keys_destroyed_by_length CHECK (char_length(destroyed_by) BETWEEN 1 AND 200),
    CONSTRAINT data_keys_reason_length CHECK (char_length(reason) BETWEEN 1 AND 200)
);
-- What is left to re-wrap, and under which key-encryption key.
CREATE INDEX data_keys_by_kek ON vault.data_keys (kek_id, subject, key_no) WHERE wrapped_key IS NOT NULL;

-- Which ring and which ledger these keys belong to, without saying anything about the ring: a process that is started with
-- another file would otherwise hash payees to other ids, and nobody would notice.
CREATE TABLE vault.ring_mark (
    mark  bytea  NOT NULL,                              -- HMAC-SHA256 under the ring's index secret
    CONSTRAINT ring_mark_length CHECK (octet_length(mark) = 32)
);
CREATE UNIQUE INDEX ring_mark_one_row ON vault.ring_mark ((true));

-- One subject's keys are made and destroyed one after the other. Whoever destroys takes the same lock first.
CREATE FUNCTION vault.refuse_key_after_destruction() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.subject, 7882));
    IF EXISTS (SELECT FROM vault.data_keys WHERE subject = NEW.subject AND destroyed_at IS NOT NULL) THEN
        RAISE EXCEPTION 'the keys of this subject are destroyed: no new one is made'
            USING ERRCODE = 'restrict_violation', HINT = 'Use another subject id if the data must be kept by law.';
    END IF;
    RETURN NEW;
END
$$;

-- A destroyed key stays destroyed, a key stays whose it was, and its count only grows.
CREATE FUNCTION vault.guard_data_key() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
    IF OLD.wrapped_key IS NULL THEN
        RAISE EXCEPTION 'data key % is destroyed: its row is never changed again', OLD.key_no
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF (NEW.subject, NEW.key_no, NEW.created_at) IS DISTINCT FROM (OLD.subject, OLD.key_no, OLD.created_at)
        OR NEW.messages < OLD.messages THEN
        RAISE EXCEPTION 'data key %: subject, number and creation never change, and the count only grows', OLD.key_no
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION vault.refuse_removal() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are kept for ever: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation', HINT = 'Destroy the key; its row is the proof.';
END
$$;

CREATE TRIGGER data_keys_no_key_after_destruction BEFORE INSERT ON vault.data_keys
    FOR EACH ROW EXECUTE FUNCTION vault.refuse_key_after_destruction();
CREATE TRIGGER data_keys_guarded BEFORE UPDATE ON vault.data_keys
    FOR EACH ROW EXECUTE FUNCTION vault.guard_data_key();
CREATE TRIGGER data_keys_never_removed BEFORE DELETE OR TRUNCATE ON vault.data_keys
    FOR EACH STATEMENT EXECUTE FUNCTION vault.refuse_removal();
CREATE TRIGGER ring_mark_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON vault.ring_mark
    FOR EACH STATEMENT EXECUTE FUNCTION vault.refuse_removal();

-- Who may do what: the writer makes, re-wraps and destroys keys; the opener reads them; bursar_reader may not even look.
REVOKE ALL ON ALL TABLES IN SCHEMA vault FROM PUBLIC;
GRANT USAGE ON SCHEMA vault TO bursar_writer, bursar_opener;
GRANT SELECT ON vault.data_keys TO bursar_writer;
GRANT INSERT (subject, key_no, wrapped_key, kek_id, messages, destroyed_at, destroyed_by, reason)
    ON vault.data_keys TO bursar_writer;
GRANT UPDATE (wrapped_key, kek_id, messages, destroyed_at, destroyed_by, reason) ON vault.data_keys TO bursar_writer;
GRANT SELECT (subject, key_no, wrapped_key, kek_id, destroyed_at) ON vault.data_keys TO bursar_opener;
GRANT SELECT ON vault.ring_mark TO bursar_writer, bursar_opener;
GRANT INSERT ON vault.ring_mark TO bursar_writer;
