//! A plan's tree put together from its parts. Pure.

use std::collections::{HashMap, HashSet};

use super::store::Stored;
use super::tasks::wire::TaskSummary;
use super::versions::wire::PlanVersionSummary;
use super::wire::{GroupView, NewGroup, PlanView};

pub fn plan_view(stored: Stored, tasks: Vec<TaskSummary>, versions: Vec<PlanVersionSummary>) -> PlanView {
    let Stored { id, version, plan } = stored;
    let standing: HashSet<&str> = plan.tasks.iter().map(|t| t.local_code.as_str()).collect();
    let (tasks, dropped_tasks): (Vec<_>, Vec<_>) = tasks.into_iter().partition(|t| standing.contains(t.local_code.as_str()));
    let task_count = tasks.len();
    let mut by_group: HashMap<Option<String>, Vec<TaskSummary>> = HashMap::new();
    for task in tasks {
        by_group.entry(task.group.clone()).or_default().push(task);
    }
    PlanView {
        id,
        code: plan.code.to_string(),
        document_number: plan.document_number.into_string(),
        printed_number: plan.printed_number.map(|n| n.into_string()),
        document_type: plan.document_type.into_string(),
        title: plan.title.into_string(),
        issuer: plan.issuer,
        issued_on: plan.issued_on,
        signed_by: plan.signed_by,
        year: plan.year,
        period: plan.period,
        legal_bases: plan.legal_bases,
        purposes: plan.purposes,
        requirements: plan.requirements,
        organisation: plan.organisation,
        recipients: plan.recipients,
        reporting_duties: plan.reporting_duties,
        notes: plan.notes,
        task_count,
        tasks: by_group.remove(&None).unwrap_or_default(),
        groups: below(None, &plan.groups, &mut by_group),
        dropped_tasks,
        version,
        versions,
    }
}

fn below(parent: Option<&str>, groups: &[NewGroup], tasks: &mut HashMap<Option<String>, Vec<TaskSummary>>) -> Vec<GroupView> {
    let children = groups.iter().filter(|g| g.parent.as_ref().map(|p| p.as_str()) == parent);
    children
        .map(|g| GroupView {
            code: g.code.to_string(),
            printed_number: g.printed_number.as_ref().map(|n| n.as_str().to_owned()),
            title: g.title.as_str().to_owned(),
            kpis: g.kpis.iter().map(ToString::to_string).collect(),
            tasks: tasks.remove(&Some(g.code.to_string())).unwrap_or_default(),
            groups: below(Some(g.code.as_str()), groups, tasks),
        })
        .collect()
}
