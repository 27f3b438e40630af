-- name: queued_requests
-- Everybody who waits, oldest first.
SELECT * FROM requests WHERE state = 'QUEUED' ORDER BY seq;

-- name: request_by_id
-- One request.
SELECT * FROM requests WHERE id = :id;

-- name: undelivered_requests
-- Granted, but the caller may never have heard of it.
SELECT * FROM requests r WHERE state = 'GRANTED' AND delivered = 0
AND EXISTS (SELECT 1 FROM leases l WHERE l.id = r.lease_id AND l.ended_wall IS NULL);

-- name: add_request
-- A place in the queue.
INSERT INTO requests (id, agent, priority, branch, state, waiter, named, queued_wall, queued_mono, queued_boot)
VALUES (:id, :agent, :priority, :branch, 'QUEUED', :waiter, :named, :wall, :mono, :boot)
RETURNING *;

-- name: requeue_request
-- The same request asked again after its last grant, refusal or time-out came to nothing.
UPDATE requests SET state = 'QUEUED', lease_id = NULL, delivered = 0, waiter = :waiter, agent = :agent,
    priority = :priority, branch = :branch, reason = '', queued_wall = :wall, queued_mono = :mono, queued_boot = :boot
WHERE id = :id RETURNING *;

-- name: adopt_request
-- The same request asked again while it waits, its first asker being gone.
UPDATE requests SET waiter = :waiter WHERE id = :id AND state = 'QUEUED' RETURNING *;

-- name: grant_request
-- A waiting request gets its lease.
UPDATE requests SET state = 'GRANTED', lease_id = :lease_id WHERE id = :id AND state = 'QUEUED' RETURNING *;

-- name: settle_request
-- A waiting request leaves the queue without a lease.
UPDATE requests SET state = :state, reason = :reason WHERE id = :id AND state = 'QUEUED' RETURNING *;

-- name: undo_grant
-- A grant came to nothing: back to its old place.
UPDATE requests SET state = 'QUEUED', lease_id = NULL WHERE id = :id AND state = 'GRANTED' AND lease_id = :lease_id
RETURNING *;

-- name: deliver_request
-- The caller has been told.
UPDATE requests SET delivered = 1 WHERE id = :id AND state = 'GRANTED';

-- name: forget_queue
-- A rebuild begins: nobody waits any more on a database that is gone.
UPDATE requests SET state = 'CANCELLED', reason = 'the state was rebuilt' WHERE state = 'QUEUED';
