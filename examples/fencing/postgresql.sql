-- A table whose rows refuse a token that is older than theirs, whoever writes.
CREATE TABLE IF NOT EXISTS reports (
  id int PRIMARY KEY,
  body text NOT NULL,
  token bigint NOT NULL
);

CREATE OR REPLACE FUNCTION refuse_older_token() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.token < OLD.token THEN
    RAISE EXCEPTION 'token % is older than %, so its writer has a successor', NEW.token, OLD.token;
  END IF;
  RETURN NEW;
END $$;

DROP TRIGGER IF EXISTS fence ON reports;
CREATE TRIGGER fence BEFORE UPDATE ON reports FOR EACH ROW EXECUTE FUNCTION refuse_older_token();
