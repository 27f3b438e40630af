-- The state of one pool. Times: *_wall for people, *_mono with *_boot for decisions.
-- Paths are bytes: a file name need not be UTF-8.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- A row is one generation of a numbered place: the directory it owns and where it is in its life.
CREATE TABLE slots (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    number INTEGER NOT NULL CHECK (number > 0),
    generation INTEGER NOT NULL CHECK (generation > 0),
    name TEXT NOT NULL,
    path BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN (
        'CREATING', 'READY', 'ASSIGNING', 'LEASED', 'SUSPECT', 'RELEASING', 'RECYCLING',
        'PARKED', 'BROKEN', 'RETIRING', 'RETIRED')),
    fence INTEGER NOT NULL,
    branch TEXT,
    lease_id TEXT,
    base_ref TEXT NOT NULL DEFAULT '',
    base_oid TEXT NOT NULL DEFAULT '',
    since_wall REAL NOT NULL,
    since_mono REAL NOT NULL,
    since_boot TEXT NOT NULL,
    drains INTEGER NOT NULL DEFAULT 0,      -- somebody was inside when it was given back
    superseded INTEGER NOT NULL DEFAULT 0,  -- the number went on in a new directory
    warm TEXT NOT NULL DEFAULT '',          -- '', 'ok', 'failed', 'stopped'
    warm_key TEXT NOT NULL DEFAULT '',      -- what it was warmed for
    error TEXT NOT NULL DEFAULT '',
    view TEXT NOT NULL DEFAULT '',          -- the digest of what is checked out; '' for everything
    CHECK ((state IN ('ASSIGNING', 'LEASED', 'SUSPECT')) = (lease_id IS NOT NULL)),
    CHECK (state <> 'READY' OR branch IS NULL)
);
CREATE UNIQUE INDEX one_directory ON slots (path) WHERE state <> 'RETIRED';
CREATE UNIQUE INDEX one_generation ON slots (number, generation) WHERE state <> 'RETIRED';
CREATE UNIQUE INDEX one_branch ON slots (branch) WHERE branch IS NOT NULL AND state <> 'RETIRED';

CREATE TABLE leases (
    id TEXT PRIMARY KEY,
    slot_id INTEGER NOT NULL REFERENCES slots (id),
    fence INTEGER NOT NULL UNIQUE,
    agent TEXT NOT NULL,
    branch TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('bound', 'standing')),
    holder TEXT,                             -- identity of the process a bound lease ends with
    request_id TEXT NOT NULL,
    base_ref TEXT NOT NULL,
    base_oid TEXT NOT NULL,
    started_wall REAL NOT NULL,
    used_wall REAL NOT NULL,
    used_mono REAL NOT NULL,
    used_boot TEXT NOT NULL,
    ended_wall REAL,
    reason TEXT NOT NULL DEFAULT '',
    owns TEXT,                               -- JSON list of globs; NULL: a full slot
    sees TEXT,                               -- JSON list of globs, or "all"
    shared TEXT NOT NULL DEFAULT '[]',       -- JSON list of globs it may change without owning them
    outside TEXT NOT NULL DEFAULT '[]',      -- JSON list of paths beyond the scope that were let go
    changing TEXT,                           -- identity of the process that sets the slot to a new scope
    news TEXT NOT NULL DEFAULT '[]',         -- JSON list of what the holder has not been told yet
    database TEXT NOT NULL DEFAULT '',       -- its name, from before it is made until after it is dropped
    server TEXT NOT NULL DEFAULT '',         -- where it is: 'embedded', or the user's server; '' where nobody knows
    CHECK ((kind = 'bound') = (holder IS NOT NULL))
);
CREATE UNIQUE INDEX one_lease ON leases (slot_id) WHERE ended_wall IS NULL;
CREATE UNIQUE INDEX one_lease_per_branch ON leases (branch) WHERE ended_wall IS NULL;
CREATE INDEX leases_by_branch ON leases (branch, ended_wall);
CREATE INDEX owed_databases ON leases (database) WHERE database <> '' AND ended_wall IS NOT NULL;

CREATE TABLE requests (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,                 -- the idempotency key
    agent TEXT NOT NULL,
    priority INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 4),
    branch TEXT,
    state TEXT NOT NULL CHECK (state IN ('QUEUED', 'GRANTED', 'CANCELLED', 'EXPIRED')),
    waiter TEXT NOT NULL,                    -- identity of the process that waits
    lease_id TEXT,
    named INTEGER NOT NULL,                  -- the key was the caller's own: it may ask again
    delivered INTEGER NOT NULL DEFAULT 0,    -- the caller has been told
    queued_wall REAL NOT NULL,
    queued_mono REAL NOT NULL,
    queued_boot TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    CHECK ((state = 'GRANTED') = (lease_id IS NOT NULL))
);
CREATE INDEX waiting ON requests (state) WHERE state = 'QUEUED';

-- An intent. Open until `done_wall` is set; args name every path and lock file it may leave.
CREATE TABLE ops (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    slot_id INTEGER NOT NULL REFERENCES slots (id),
    kind TEXT NOT NULL CHECK (kind IN ('create', 'assign', 'release', 'recycle', 'retire')),
    fence INTEGER NOT NULL,
    owner TEXT,                              -- identity; NULL: anybody may take it up
    args TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    started_wall REAL NOT NULL,
    started_mono REAL NOT NULL,
    started_boot TEXT NOT NULL,
    done_wall REAL
);
CREATE UNIQUE INDEX one_op ON ops (slot_id) WHERE done_wall IS NULL;

CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    wall REAL NOT NULL,
    slot TEXT NOT NULL,
    fence INTEGER NOT NULL,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    action TEXT NOT NULL,
    actor TEXT NOT NULL,
    result TEXT NOT NULL,
    reason TEXT NOT NULL,
    seconds REAL
);
