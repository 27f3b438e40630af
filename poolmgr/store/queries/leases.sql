-- name: live_leases
-- Every lease that has not ended.
SELECT * FROM leases WHERE ended_wall IS NULL ORDER BY fence;

-- name: lease_by_id
-- One lease, also an ended one.
SELECT * FROM leases WHERE id = :id;

-- name: last_lease_of_branch
-- Who had a branch last.
SELECT l.*, s.name AS slot_name FROM leases l JOIN slots s ON s.id = l.slot_id
WHERE l.branch = :branch AND l.ended_wall IS NOT NULL ORDER BY l.ended_wall DESC LIMIT 1;

-- name: pool_branches
-- Every branch the pool has lent, with its last lease.
SELECT branch, agent, max(started_wall) AS started_wall, base_ref, base_oid FROM leases GROUP BY branch ORDER BY branch;

-- name: add_lease
-- A slot is lent.
INSERT INTO leases (id, slot_id, fence, agent, branch, kind, holder, request_id, base_ref, base_oid,
                    owns, sees, shared, started_wall, used_wall, used_mono, used_boot)
VALUES (:id, :slot_id, :fence, :agent, :branch, :kind, :holder, :request_id, :base_ref, :base_oid,
        :owns, :sees, :shared, :wall, :wall, :mono, :boot);

-- name: end_lease
-- A lease ends once.
UPDATE leases SET ended_wall = :wall, reason = :reason WHERE id = :id AND ended_wall IS NULL RETURNING *;

-- name: use_lease
-- Somebody used the lease.
UPDATE leases SET used_wall = :wall, used_mono = :mono, used_boot = :boot
WHERE id = :id AND ended_wall IS NULL;

-- name: set_scope
-- A lease gets another scope; until its files and guards are set, `changing` names who does that.
UPDATE leases SET owns = :owns, sees = :sees, shared = :shared, changing = :changing
WHERE id = :id AND ended_wall IS NULL RETURNING *;

-- name: settle_scope
-- Files and guards are as the scope says.
UPDATE leases SET changing = NULL WHERE id = :id AND changing IS :changing RETURNING *;

-- name: put_news
-- What the holder has not been told yet.
UPDATE leases SET news = :news WHERE id = :id AND ended_wall IS NULL;

-- name: put_database
-- The database that goes with a lease: its name and server before it is made, nothing once it is dropped.
UPDATE leases SET database = :database, server = :server WHERE id = :id RETURNING *;

-- name: owed_databases
-- Leases that are over and whose databases are still there; none whose slot has them on its road.
SELECT l.* FROM leases l JOIN slots s ON s.id = l.slot_id
WHERE l.database <> '' AND l.ended_wall IS NOT NULL
  AND s.state NOT IN ('RELEASING', 'RECYCLING', 'PARKED', 'BROKEN', 'RETIRING');

-- name: databases_over
-- Leases that are over and whose databases are still there.
SELECT * FROM leases WHERE database <> '' AND ended_wall IS NOT NULL ORDER BY fence;

-- name: databases_of_slot
-- The leases of a slot whose databases are still there and which are over.
SELECT * FROM leases WHERE slot_id = :slot_id AND database <> '' AND ended_wall IS NOT NULL;

-- name: put_outside
-- Paths beyond its scope that a lease was let go with.
UPDATE leases SET outside = :outside WHERE id = :id;

-- name: outside_of_branches
-- The paths beyond a scope that any lease of a branch was let go with.
SELECT branch, outside FROM leases WHERE outside <> '[]' ORDER BY fence;

-- name: unbind_lease
-- A lease stands from now on; it is in use.
UPDATE leases SET kind = 'standing', holder = NULL, used_wall = :wall, used_mono = :mono, used_boot = :boot
WHERE id = :id AND ended_wall IS NULL RETURNING *;

-- name: forget_lease
-- A lease that a rebuild ended goes on: it makes way for the same one as its slot's mark has it.
DELETE FROM leases WHERE id = :id AND reason = :reason;

-- name: forget_live_leases
-- A rebuild begins: leases go on only where their slot's mark says so.
UPDATE leases SET ended_wall = :wall, reason = :reason WHERE ended_wall IS NULL;
