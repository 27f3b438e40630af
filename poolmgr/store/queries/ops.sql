-- name: open_ops
-- Every intent that is not done.
SELECT * FROM ops WHERE done_wall IS NULL ORDER BY id;

-- name: find_op
-- What was intended under a fence, done or not.
SELECT * FROM ops WHERE fence = :fence AND kind = :kind ORDER BY id DESC LIMIT 1;

-- name: add_op
-- An intent, before its first action.
INSERT INTO ops (slot_id, kind, fence, owner, args, started_wall, started_mono, started_boot)
VALUES (:slot_id, :kind, :fence, :owner, :args, :wall, :mono, :boot)
RETURNING *;

-- name: claim_op
-- An intent whose owner is gone, or that nobody owns, gets a new owner.
UPDATE ops SET owner = :owner, attempts = attempts + 1
WHERE id = :id AND done_wall IS NULL AND owner IS :previous RETURNING *;

-- name: note_op
-- What the intent has come to know.
UPDATE ops SET args = :args WHERE id = :id AND done_wall IS NULL RETURNING *;

-- name: leave_op
-- The owner gives the intent up; anybody may go on.
UPDATE ops SET owner = NULL, attempts = :attempts WHERE id = :id AND owner = :owner AND done_wall IS NULL;

-- name: close_op
-- Done, or come to nothing.
UPDATE ops SET done_wall = :wall WHERE id = :id AND done_wall IS NULL RETURNING *;

-- name: forget_open_ops
-- A rebuild begins: no intent of a backup is still true.
UPDATE ops SET done_wall = :wall WHERE done_wall IS NULL;
