-- name: live_slots
-- Every slot that still has, or may have, a directory.
SELECT * FROM slots WHERE state <> 'RETIRED' ORDER BY number, generation;

-- name: slot_by_id
-- One slot, also a retired one.
SELECT * FROM slots WHERE id = :id;

-- name: add_slot
-- A slot enters the pool.
INSERT INTO slots (number, generation, name, path, state, fence, branch, lease_id, base_ref, base_oid,
                   view, since_wall, since_mono, since_boot)
VALUES (:number, :generation, :name, :path, :state, :fence, :branch, :lease_id, :base_ref, :base_oid,
        :view, :wall, :mono, :boot)
RETURNING *;

-- name: unmade_slots
-- Slots that broke before they ever stood: all that was ever intended with them is to make them.
SELECT id FROM slots WHERE state = 'BROKEN'
    AND NOT EXISTS (SELECT 1 FROM ops WHERE ops.slot_id = slots.id AND ops.kind <> 'create');

-- name: move_slot
-- A slot changes its state, if it is still what was read and the fence did not change.
UPDATE slots
SET state = :target, fence = :next_fence, branch = :branch, lease_id = :lease_id, path = :path,
    base_ref = :base_ref, base_oid = :base_oid, drains = :drains, superseded = :superseded,
    warm = :warm, warm_key = :warm_key, error = :error, view = :view,
    since_wall = :wall, since_mono = :mono, since_boot = :boot
WHERE id = :id AND state = :source AND fence = :fence
RETURNING *;

-- name: note_slot
-- Facts beside the state change; the state, its age and the fence stay.
UPDATE slots
SET drains = :drains, superseded = :superseded, warm = :warm, warm_key = :warm_key, error = :error,
    path = :path, view = :view
WHERE id = :id AND state = :source AND fence = :fence
RETURNING *;

-- name: note_forgotten_slots
-- A rebuild begins: the log of each slot that the backup calls alive comes to an end.
INSERT INTO events (wall, slot, fence, source, target, action, actor, result, reason)
SELECT :wall, name, fence, state, 'RETIRED', 'rebuild', :actor, 'ok', 'the state was lost'
FROM slots WHERE state <> 'RETIRED';

-- name: forget_live_slots
-- A rebuild begins: what the backup calls alive is history; what lives is read from git.
UPDATE slots SET state = 'RETIRED', lease_id = NULL, branch = NULL WHERE state <> 'RETIRED';
