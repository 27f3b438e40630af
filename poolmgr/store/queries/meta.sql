-- name: meta
-- Facts about the pool as a whole.
SELECT key, value FROM meta;

-- name: put_meta
-- One fact about the pool as a whole.
INSERT INTO meta (key, value) VALUES (:key, :value)
ON CONFLICT (key) DO UPDATE SET value = excluded.value;

-- name: raise_fence
-- The next fence; it only rises.
INSERT INTO meta (key, value) VALUES ('fence', '1')
ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(meta.value AS INTEGER) + 1 AS TEXT) RETURNING value;

-- name: lift_fence
-- The fence goes on above one that was found.
INSERT INTO meta (key, value) VALUES ('fence', CAST(:fence AS TEXT))
ON CONFLICT (key) DO UPDATE SET value = CAST(max(CAST(meta.value AS INTEGER), :fence) AS TEXT);
