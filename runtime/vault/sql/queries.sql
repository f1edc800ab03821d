-- Statements of the vault. Every name is qualified: a session's search_path must not decide which keys are read.

-- name: claim_messages
-- The newest whole key of a subject, with room for $2 more texts. Counting before sealing means that a process that dies
-- has counted too many, never too few.
UPDATE vault.data_keys SET messages = messages + $2
WHERE subject = $1 AND wrapped_key IS NOT NULL AND messages + $2 <= $3
  AND key_no = (SELECT max(key_no) FROM vault.data_keys WHERE subject = $1)
RETURNING key_no, kek_id, wrapped_key;

-- name: read_newest_key
-- What a subject has: the reason when nothing could be claimed, and the renewal of a key whose claim is not used up.
SELECT key_no, kek_id, wrapped_key, messages FROM vault.data_keys WHERE subject = $1 ORDER BY key_no DESC LIMIT 1;

-- name: insert_key
-- Two processes may make a subject's key at the same time: one wins, the other reads the winner's.
INSERT INTO vault.data_keys (subject, key_no, wrapped_key, kek_id, messages) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT ON CONSTRAINT data_keys_pkey DO NOTHING
RETURNING key_no;

-- name: read_keys
-- The keys that a page of sealed texts names, in one question.
SELECT k.subject, k.key_no, k.kek_id, k.wrapped_key
FROM unnest($1::text[], $2::integer[]) AS wanted(subject, key_no)
JOIN vault.data_keys AS k ON k.subject = wanted.subject AND k.key_no = wanted.key_no;

-- name: lock_subject
-- Held to the end of the transaction: no key of this subject is made between looking and destroying.
SELECT pg_advisory_xact_lock(hashtextextended($1, 7882));

-- name: destroy_keys
-- The key goes, the row stays as the proof.
UPDATE vault.data_keys SET wrapped_key = NULL, destroyed_at = now(), destroyed_by = $2, reason = $3
WHERE subject = $1 AND wrapped_key IS NOT NULL;

-- name: insert_destroyed
-- A subject without any key is marked too, so that nothing is sealed for it afterwards.
INSERT INTO vault.data_keys (subject, key_no, kek_id, destroyed_at, destroyed_by, reason)
SELECT $1, 0, $4, now(), $2, $3 WHERE NOT EXISTS (SELECT FROM vault.data_keys WHERE subject = $1);

-- name: read_destroyed
-- The proof as the table has it, also when it was destroyed long ago by somebody else.
SELECT key_no, destroyed_at, destroyed_by, reason FROM vault.data_keys
WHERE subject = $1 AND wrapped_key IS NULL ORDER BY key_no;

-- name: read_keys_to_rewrap
-- A page of keys that another key-encryption key wrapped. Re-wrapped ones leave the answer, so a killed rotation goes on
-- where it ended, wherever it begins.
SELECT subject, key_no, kek_id, wrapped_key FROM vault.data_keys
WHERE wrapped_key IS NOT NULL AND kek_id <> $1 AND (subject, key_no) > ($2, $3)
ORDER BY subject, key_no LIMIT $4;

-- name: rewrap_keys
-- Only what still is as it was read: a key destroyed in between stays destroyed.
UPDATE vault.data_keys AS k SET wrapped_key = fresh.wrapped_key, kek_id = $5
FROM unnest($1::text[], $2::integer[], $3::bytea[], $4::bytea[]) AS fresh(subject, key_no, wrapped_before, wrapped_key)
WHERE k.subject = fresh.subject AND k.key_no = fresh.key_no AND k.wrapped_key = fresh.wrapped_before;

-- name: count_keys_by_kek
-- Which key-encryption keys are still needed.
SELECT kek_id, count(*) AS keys FROM vault.data_keys WHERE wrapped_key IS NOT NULL GROUP BY kek_id ORDER BY kek_id;

-- name: count_destroyed
-- How many subjects were erased; a subject's keys are destroyed together.
SELECT count(DISTINCT subject) FROM vault.data_keys WHERE wrapped_key IS NULL;

-- name: insert_ring_mark
-- The first process with a ring says which one it is.
INSERT INTO vault.ring_mark (mark) SELECT $1 WHERE NOT EXISTS (SELECT FROM vault.ring_mark) ON CONFLICT DO NOTHING;

-- name: read_ring_mark
-- Every later one compares.
SELECT mark FROM vault.ring_mark;
