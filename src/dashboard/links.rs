//! Where the parts of a dashboard lead: requests to this server that answer what a figure is made of.

use chrono::NaiveDate;

use crate::http::query::encode;
use crate::reports::period::{PeriodSet, Range, Span};

/// What every link narrows its answer to.
pub struct Links {
    /// Code of the department asked for, and whether those below it are meant too.
    pub department: Option<(String, bool)>,
    /// Codes of all departments that are meant, for lists that know no tree.
    pub departments: Vec<String>,
    pub set: PeriodSet,
    pub as_of: NaiveDate,
}

fn link(path: &str, parameters: &[(&str, String)]) -> String {
    let pairs: Vec<String> =
        parameters.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("{name}={}", encode(value))).collect();
    if pairs.is_empty() { format!("/api/v1/{path}") } else { format!("/api/v1/{path}?{}", pairs.join("&")) }
}

impl Links {
    /// The department as reports and indicators are asked for it.
    fn whose(&self) -> [(&'static str, String); 2] {
        match &self.department {
            Some((code, true)) => [("department", code.clone()), ("scope", "subtree".to_owned())],
            Some((code, false)) => [("department", code.clone()), ("scope", String::new())],
            None => [("department", String::new()), ("scope", String::new())],
        }
    }

    fn report(&self, name: &str, days: Range, more: &[(&'static str, String)]) -> String {
        // Nothing is known of what a running period still brings.
        let to = days.to.min(self.as_of).max(days.from);
        let mut parameters = vec![("from", days.from.to_string()), ("to", to.to_string())];
        parameters.extend_from_slice(more);
        parameters.extend(self.whose());
        link(&format!("reports/{name}"), &parameters)
    }

    /// The very dossiers, tasks, documents or measurements behind an indicator.
    pub fn contributors(&self, kpi: &str, span: &Span) -> String {
        let mut parameters = vec![("period", span.name.clone()), ("period_set", self.set.name().to_owned())];
        parameters.extend(self.whose());
        link(&format!("kpi-results/{kpi}/contributors"), &parameters)
    }

    pub fn results(&self, kpi: &str, span: &Span) -> String {
        let mut parameters = vec![("kpi", kpi.to_owned()), ("period", span.name.clone()), ("period_set", self.set.name().to_owned())];
        parameters.extend(self.whose());
        link("kpi-results", &parameters)
    }

    pub fn handling(&self, days: Range, group_by: &str) -> String {
        self.report("dossier-results", days, &[("group_by", group_by.to_owned())])
    }

    pub fn outcomes(&self, days: Range) -> String {
        self.report("dossier-outcomes", days, &[("as_of", self.as_of.to_string()), ("group_by", "department".to_owned())])
    }

    pub fn findings(&self, days: Range) -> String {
        self.report("findings", days, &[("group_by", "kind".to_owned())])
    }

    fn dossiers(&self, departments: &[String], parameters: &[(&str, String)]) -> String {
        let mut all = parameters.to_vec();
        all.push(("department", departments.join(",")));
        link("dossiers", &all)
    }

    /// Dossiers accepted in some days, of all departments meant or of one.
    pub fn accepted(&self, days: Range, department: Option<&str>) -> String {
        let one = department.map(|code| vec![code.to_owned()]);
        let accepted = [("accepted_from", days.from.to_string()), ("accepted_to", days.to.to_string())];
        self.dossiers(one.as_deref().unwrap_or(&self.departments), &accepted)
    }

    pub fn with_finding(&self, kind: &str) -> String {
        self.dossiers(&self.departments, &[("finding", kind.to_owned())])
    }

    pub fn overdue(&self) -> String {
        self.dossiers(&self.departments, &[("timeliness", "overdue".to_owned())])
    }

    pub fn due_between(&self, from: NaiveDate, to: NaiveDate) -> String {
        self.dossiers(
            &self.departments,
            &[("timeliness", "in_time".to_owned()), ("due_from", from.to_string()), ("due_to", to.to_string())],
        )
    }

    pub fn documents(&self, days: Range) -> String {
        let departments = self.departments.join(",");
        let (from, to) = (days.from.to_string(), days.to.min(self.as_of).max(days.from).to_string());
        link(
            "documents",
            &[
                ("direction", "outgoing".into()),
                ("issued_from", from),
                ("issued_to", to),
                ("voided", "false".into()),
                ("department", departments),
            ],
        )
    }

    pub fn plan_progress(&self) -> String {
        link("reports/plan-progress", &[("as_of", self.as_of.to_string()), ("group_by", "department".to_owned())])
    }

    fn of_one(&self, path: &str, parameters: &[(&'static str, String)]) -> String {
        let mut all = parameters.to_vec();
        // These lists know one department only; for a tree they are shown whole.
        let one = self.department.as_ref().filter(|_| self.departments.len() == 1);
        all.push(("department", one.map(|(code, _)| code.clone()).unwrap_or_default()));
        link(path, &all)
    }

    pub fn tasks(&self, state: &str) -> String {
        self.of_one("tasks", &[("state", state.to_owned())])
    }

    pub fn obstacles(&self, state: &str) -> String {
        self.of_one("obstacles", &[("state", state.to_owned())])
    }

    pub fn reports_due(&self, states: &str, from: NaiveDate, to: NaiveDate) -> String {
        self.of_one("duty-occurrences", &[("state", states.to_owned()), ("due_from", from.to_string()), ("due_to", to.to_string())])
    }

    pub fn explanations(&self, state: &str) -> String {
        self.of_one("explanations", &[("state", state.to_owned())])
    }

    pub fn owed(&self, period: &str) -> String {
        self.of_one("explanations/owed", &[("period", period.to_owned())])
    }

    pub fn extensions(&self) -> String {
        link("me/reminders", &[("kind", "extension_awaiting_decision".to_owned())])
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::reports::period::Period;

    #[test]
    fn links_ask_for_what_a_figure_was_asked_for() {
        let span = Span::of(&Period::parse("2022").unwrap(), PeriodSet::Calendar);
        let mut links = Links { department: None, departments: Vec::new(), set: PeriodSet::Calendar, as_of: "2022-06-20".parse().unwrap() };
        assert_eq!(
            links.contributors("on_time_rate", &span),
            "/api/v1/kpi-results/on_time_rate/contributors?period=2022&period_set=calendar"
        );
        assert_eq!(
            links.handling(span.days, "department"),
            "/api/v1/reports/dossier-results?from=2022-01-01&to=2022-06-20&group_by=department"
        );
        assert_eq!(links.overdue(), "/api/v1/dossiers?timeliness=overdue");
        links.department = Some(("SKHDT".to_owned(), true));
        links.departments = vec!["DKKD".to_owned(), "SKHDT".to_owned()];
        assert!(links.results("x", &span).ends_with("&department=SKHDT&scope=subtree"));
        assert_eq!(links.accepted(span.days, Some("A")), "/api/v1/dossiers?accepted_from=2022-01-01&accepted_to=2022-12-31&department=A");
        assert!(links.overdue().ends_with("&department=DKKD%2CSKHDT"));
        assert_eq!(links.tasks("overdue"), "/api/v1/tasks?state=overdue");
        links.departments.truncate(1);
        assert_eq!(links.tasks("overdue"), "/api/v1/tasks?state=overdue&department=SKHDT");
    }
}
