-- name: add_event
-- What happened.
INSERT INTO events (wall, slot, fence, source, target, action, actor, result, reason, seconds)
VALUES (:wall, :slot, :fence, :source, :target, :action, :actor, :result, :reason, :seconds);

-- name: events_after
-- The log from a place on.
SELECT * FROM events WHERE id > :after ORDER BY id LIMIT :most;

-- name: last_events
-- The end of the log.
SELECT * FROM (SELECT * FROM events ORDER BY id DESC LIMIT :most) ORDER BY id;

-- name: forget_events
-- The log keeps its last lines.
DELETE FROM events WHERE id <= (SELECT max(id) FROM events) - :keep;

