-- What is counted over long periods stands in one index, so that a year of figures is read from it and not from the dossiers themselves. It
-- takes the place of the one on the same days without the rest.

ALTER TABLE dossiers ADD COLUMN supplement_asked_on date;
COMMENT ON COLUMN dossiers.supplement_asked_on IS 'The day on which papers were first asked for; null when they never were';

UPDATE dossiers d SET supplement_asked_on = p.on_day
  FROM (SELECT dossier_id, (min(from_at) AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS on_day FROM dossier_pauses
         WHERE kind = 'supplement' GROUP BY dossier_id) p
 WHERE p.dossier_id = d.id;

CREATE INDEX dossier_figures_idx ON dossiers (finished_on, accepted_on)
    INCLUDE (id, resolving_department_id, procedure_id, channel, status, decision, timeliness, apologised, supplement_asked_on)
    WHERE finished_on IS NOT NULL;
DROP INDEX dossier_finished_idx;
