-- What reports look up, and the reports that were frozen when they were sent.

-- Open consultations: what is due about them is asked every day, of open dossiers only.
CREATE INDEX dossier_consultation_open_idx ON dossier_consultations (dossier_id) WHERE answered_at IS NULL AND escalated_at IS NULL;
CREATE INDEX dossier_finding_arose_idx ON dossier_findings (arose_on);

-- What was open across the end of a period is looked for in two places: among those finished soon after it, and among the
-- few that took long. So a report does not read the closed history of other years. Sixty days: see the reports' store.
CREATE INDEX dossier_long_idx ON dossiers (finished_on) WHERE finished_on - accepted_on > 60;
