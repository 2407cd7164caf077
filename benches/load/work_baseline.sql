-- The work list of {today}, written plainly: one aggregate over every dossier there is. {soon}: the last day that is soon.
WITH promise AS (
    SELECT DISTINCT ON (dossier_id) dossier_id, new_due_on FROM dossier_apologies WHERE new_due_on IS NOT NULL ORDER BY dossier_id, n DESC
), thing AS (
    SELECT d.id, c.n, d.due_on, d.finished_on, d.status, p.new_due_on, coalesce(w.respond_by_on, k.respond_by_on) AS respond_by_on,
           d.status IN ('accepted', 'processing') AS running,
           c.dossier_id IS NOT NULL AND c.answered_at IS NULL AND c.escalated_at IS NULL AS silent,
           jsonb_array_length(c.reminders) AS reminders, c.answer_due_on
      FROM dossiers d
      LEFT JOIN promise p ON p.dossier_id = d.id
      LEFT JOIN dossier_consultations c ON c.dossier_id = d.id
      LEFT JOIN dossier_pauses w ON w.dossier_id = d.id AND w.to_at IS NULL
      LEFT JOIN dossier_completions k ON k.dossier_id = d.id AND k.completed_at IS NULL
), todo AS (
    SELECT id, n, CASE
        WHEN running AND due_on < '{today}' AND new_due_on IS NULL THEN 'apology'
        WHEN running AND silent AND (reminders >= 2 OR (answer_due_on < '{today}' AND due_on < '{today}')) THEN 'escalation'
        WHEN running AND new_due_on <= '{soon}' THEN 'apology_runs_out'
        WHEN running AND due_on = '{today}' THEN 'due_today'
        WHEN running AND silent AND answer_due_on < '{today}' AND reminders < 2 THEN 'reminder'
        WHEN running AND due_on > '{today}' AND due_on <= '{soon}' THEN 'due_soon'
        WHEN status IN ('awaiting_supplement', 'awaiting_completion') AND respond_by_on < '{today}' THEN 'papers_overdue'
        WHEN status = 'resolved' THEN 'hand_over' END AS todo FROM thing
)
SELECT todo, count(*) FROM todo WHERE todo IS NOT NULL GROUP BY todo ORDER BY todo;
