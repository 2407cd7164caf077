-- Results of handling (II.06a) by department, written plainly: one aggregate over every dossier there is.
-- {from}, {to}: first and last day of the period; {end}: the first instant after it.
WITH pause AS (
    SELECT DISTINCT ON (dossier_id) dossier_id, to_at IS NULL OR to_at >= '{end}' AS waiting, due_before, due_after,
           CASE WHEN to_at < '{end}' THEN to_at ELSE from_at END AS last_at,
           (from_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS from_on
      FROM dossier_pauses WHERE from_at < '{end}'
     ORDER BY dossier_id, from_at DESC, to_at DESC NULLS FIRST
), revised AS (
    SELECT DISTINCT ON (dossier_id) dossier_id, moved_at, coalesce(due_on, due_before) AS due_on
      FROM calendar_revision_moves WHERE moved_at < '{end}' ORDER BY dossier_id, moved_at DESC
), since AS (
    SELECT dossier_id FROM dossier_pauses WHERE from_at >= '{end}' OR to_at >= '{end}'
     UNION SELECT dossier_id FROM calendar_revision_moves WHERE moved_at >= '{end}'
), moved AS (
    SELECT DISTINCT ON (dossier_id) dossier_id, from_department_id
      FROM dossier_transfers WHERE occurred_at >= '{end}' ORDER BY dossier_id, n
), state AS (
    SELECT coalesce(m.from_department_id, d.resolving_department_id) AS department_id, d.accepted_on, d.channel,
           CASE WHEN d.finished_on <= '{to}' THEN d.finished_on END AS finished_on,
           CASE WHEN d.finished_on <= '{to}' THEN d.decision END AS decision,
           CASE WHEN d.finished_on <= '{to}' AND d.status <> 'voided' THEN d.timeliness
                WHEN d.finished_on <= '{to}' THEN CASE
                    WHEN due.due_on IS NULL OR due.due_on = d.finished_on THEN 'on_time'
                    WHEN d.finished_on < due.due_on THEN 'early'
                    WHEN p.waiting AND p.from_on <= due.due_on THEN 'on_time' ELSE 'late' END
                WHEN p.waiting OR due.due_on IS NULL OR due.due_on >= '{to}' THEN 'in_time' ELSE 'overdue' END AS timeliness
      FROM dossiers d
      LEFT JOIN pause p ON p.dossier_id = d.id
      LEFT JOIN revised r ON r.dossier_id = d.id
      LEFT JOIN since s ON s.dossier_id = d.id
      LEFT JOIN moved m ON m.dossier_id = d.id
     CROSS JOIN LATERAL (SELECT CASE WHEN s.dossier_id IS NULL THEN coalesce(d.due_on, d.due_before) WHEN r.moved_at >= coalesce(p.last_at, '-infinity') THEN r.due_on WHEN p.dossier_id IS NULL THEN d.first_due_on WHEN p.waiting THEN p.due_before ELSE p.due_after END AS due_on) AS due
     WHERE d.accepted_on <= '{to}' AND (d.status <> 'voided' OR d.voided_at >= '{end}')
)
SELECT n.code AS key, n.name, NULL::text AS field, c.*
  FROM (SELECT department_id AS group_key,
               count(*) FILTER (WHERE accepted_on >= '{from}' AND channel = 'online') AS received_online,
               count(*) FILTER (WHERE accepted_on >= '{from}' AND channel <> 'online') AS received_direct_postal,
               count(*) FILTER (WHERE accepted_on < '{from}' AND (finished_on IS NULL OR finished_on >= '{from}')) AS carried_over,
               count(*) FILTER (WHERE finished_on >= '{from}' AND decision <> 'withdrawn' AND timeliness = 'early') AS resolved_early,
               count(*) FILTER (WHERE finished_on >= '{from}' AND (decision = 'withdrawn' OR timeliness = 'on_time')) AS resolved_on_time,
               count(*) FILTER (WHERE finished_on >= '{from}' AND decision <> 'withdrawn' AND timeliness = 'late') AS resolved_late,
               count(*) FILTER (WHERE finished_on IS NULL AND timeliness = 'in_time') AS open_in_time,
               count(*) FILTER (WHERE finished_on IS NULL AND timeliness = 'overdue') AS open_overdue
          FROM state GROUP BY 1) c
  JOIN departments n ON n.id = c.group_key
 WHERE received_online + received_direct_postal + carried_over > 0
 ORDER BY n.code COLLATE "C"
