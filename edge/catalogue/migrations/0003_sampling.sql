-- Of how many playbacks a row is the one that was kept: figures count it so often.
ALTER TABLE playbacks ADD COLUMN weight INTEGER NOT NULL DEFAULT 1;
