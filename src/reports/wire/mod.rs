//! Bodies of the reports, and the same as tables.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::period::Range;
use super::store::{Handling, Verdicts};
use crate::http::Day;
use crate::http::table::{Cell, Table};
use crate::text::Text;

/// Declares a set of counts with its columns in the order of the report.
macro_rules! counts {
    ($(#[$doc:meta])* $type:ident { $($(#[$field_doc:meta])* $name:ident $vi:literal $en:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        pub struct $type { $($(#[$field_doc])* pub $name: i64),+ }

        impl $type {
            fn columns() -> Vec<Text> {
                vec![$(Text::new($vi, $en)),+]
            }

            fn cells(&self) -> Vec<Cell> {
                vec![$(Cell::Count(self.$name)),+]
            }

            pub fn absorb(&mut self, other: &Self) {
                $(self.$name += other.$name;)+
            }

            /// The counts that are not zero, each with its name and what it is called.
            #[allow(dead_code, reason = "not every set is read by name")]
            pub fn named(&self) -> Vec<(&'static str, Text, i64)> {
                let all = [$((stringify!($name), Text::new($vi, $en), self.$name)),+];
                all.into_iter().filter(|(_, _, n)| *n != 0).collect()
            }

            /// Adds to the count with a name.
            #[allow(dead_code, reason = "not every set is counted by name")]
            fn add(&mut self, name: &str, n: i64) {
                match name {
                    $(stringify!($name) => self.$name += n,)+
                    _ => {}
                }
            }
        }
    };
}

mod findings;
mod months;
mod reasons;
mod snapshots;
mod times;

pub use findings::FindingReport;
pub use months::OutcomesByMonth;
pub use reasons::{Cause, CauseCounts, OverdueReasons};
pub use snapshots::{
    NewReportSnapshot, ReportName, ReportSnapshotDifference, ReportSnapshotPage, ReportSnapshotSummary, ReportSnapshotView,
};
pub use times::{DaysTaken, HandlingTimes, TimesTaken};

counts! {
    /// Results of handling: columns (4)–(13) of form II.06a. Always `received_total` = `resolved_total` + `open_total`.
    HandlingCounts {
        /// Accepted in the period, online (4).
        received_online "Tiếp nhận trực tuyến (4)" "Received online (4)";
        /// Accepted in the period over any other channel (5).
        received_direct_postal "Tiếp nhận trực tiếp, bưu chính (5)" "Received directly or by post (5)";
        /// Accepted before the period and not finished before it (6).
        carried_over "Từ kỳ trước (6)" "Carried over (6)";
        /// (3) = (4) + (5) + (6).
        received_total "Tổng số tiếp nhận (3)" "Received in all (3)";
        /// Finished in the period before the due date (8).
        resolved_early "Giải quyết trước hạn (8)" "Resolved early (8)";
        /// Finished in the period on the due date, or withdrawn (9).
        resolved_on_time "Giải quyết đúng hạn (9)" "Resolved on time (9)";
        /// Finished in the period after the due date (10).
        resolved_late "Giải quyết quá hạn (10)" "Resolved late (10)";
        /// (7) = (8) + (9) + (10).
        resolved_total "Tổng số đã giải quyết (7)" "Resolved in all (7)";
        /// Open, and waiting for the applicant, or not past the due date (12).
        open_in_time "Đang giải quyết trong hạn (12)" "Open in time (12)";
        /// Open and past the due date (13).
        open_overdue "Đang giải quyết quá hạn (13)" "Open and overdue (13)";
        /// (11) = (12) + (13).
        open_total "Tổng số đang giải quyết (11)" "Open in all (11)";
    }
}

fn is_zero(n: &i64) -> bool {
    *n == 0
}

counts! {
    /// Dossiers by outcome; a count of zero is left out.
    OutcomeCounts {
        /// Withdrawn by the applicant.
        #[serde(default, skip_serializing_if = "is_zero")] withdrawn "Công dân rút" "Withdrawn";
        /// Stopped by the agency.
        #[serde(default, skip_serializing_if = "is_zero")] terminated "Dừng giải quyết" "Terminated";
        /// Refused after acceptance.
        #[serde(default, skip_serializing_if = "is_zero")] refused "Từ chối" "Refused";
        /// Finished early or on time.
        #[serde(default, skip_serializing_if = "is_zero")] on_time "Đúng hạn, trước hạn" "On time";
        /// Finished late, after an apology that named a new date.
        #[serde(default, skip_serializing_if = "is_zero")] late_with_apology "Trễ hạn, có xin lỗi" "Late with apology";
        /// Finished late without one.
        #[serde(default, skip_serializing_if = "is_zero")] late_without_apology "Trễ hạn, không xin lỗi" "Late without apology";
        /// Open, waiting for the applicant's papers or fee.
        #[serde(default, skip_serializing_if = "is_zero")] supplement_requested "Chờ bổ sung" "Supplement requested";
        /// Open, stopped by the agency on a legal ground.
        #[serde(default, skip_serializing_if = "is_zero")] suspended "Tạm dừng" "Suspended";
        /// Open and past due, after an apology that named a new date.
        #[serde(default, skip_serializing_if = "is_zero")] overdue_with_apology "Quá hạn, đã xin lỗi" "Overdue with apology";
        /// Open and past due.
        #[serde(default, skip_serializing_if = "is_zero")] overdue "Quá hạn" "Overdue";
        /// Open and in time.
        #[serde(default, skip_serializing_if = "is_zero")] in_progress "Đang giải quyết" "In progress";
    }
}

counts! {
    /// Dossiers by timeliness; a count of zero is left out.
    TimelinessCounts {
        /// Finished before the due date.
        #[serde(default, skip_serializing_if = "is_zero")] early "Xong trước hạn" "Finished early";
        /// Finished on the due date, or without a limit.
        #[serde(default, skip_serializing_if = "is_zero")] on_time "Xong đúng hạn" "Finished on time";
        /// Finished after the due date.
        #[serde(default, skip_serializing_if = "is_zero")] late "Xong trễ hạn" "Finished late";
        /// Open, and waiting, or not past the due date.
        #[serde(default, skip_serializing_if = "is_zero")] in_time "Đang xử lý trong hạn" "Open in time";
        /// Open and past the due date.
        #[serde(default, skip_serializing_if = "is_zero")] overdue "Đang xử lý quá hạn" "Open and overdue";
    }
}

/// Results of handling of one department, field or procedure.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ResultRow {
    /// Code of the department, field or procedure.
    pub key: String,
    pub name: String,
    #[serde(flatten)]
    pub counts: HandlingCounts,
}

/// Results of handling (II.06a).
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"from": "2022-03-15", "to": "2022-04-14", "as_of": "2022-04-14",
    "rows": [{"key": "DKKD", "name": "Phòng Đăng ký kinh doanh", "received_online": 7, "received_direct_postal": 2, "carried_over": 9,
        "received_total": 18, "resolved_early": 2, "resolved_on_time": 5, "resolved_late": 2, "resolved_total": 9, "open_in_time": 8,
        "open_overdue": 1, "open_total": 9}],
    "total": {"received_online": 7, "received_direct_postal": 2, "carried_over": 9, "received_total": 18, "resolved_early": 2,
        "resolved_on_time": 5, "resolved_late": 2, "resolved_total": 9, "open_in_time": 8, "open_overdue": 1, "open_total": 9}}))]
pub struct DossierResults {
    pub from: Day,
    pub to: Day,
    /// Judged by what had happened by the end of this day.
    pub as_of: Day,
    /// Ordered by key; none with `group_by=none`.
    pub rows: Vec<ResultRow>,
    pub total: HandlingCounts,
}

/// Outcomes of one department, field or procedure.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OutcomeRow {
    /// Code of the department, field or procedure.
    pub key: String,
    pub name: String,
    #[serde(flatten)]
    pub counts: Outcomes,
}

/// Dossiers by outcome and by timeliness.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Outcomes {
    pub outcomes: OutcomeCounts,
    pub timeliness: TimelinessCounts,
}

impl Outcomes {
    pub fn add(&mut self, outcome: &str, timeliness: &str, dossiers: i64) {
        self.outcomes.add(outcome, dossiers);
        self.timeliness.add(timeliness, dossiers);
    }
}

/// Outcomes of the dossiers accepted in a period.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"from": "2022-03-15", "to": "2022-04-14", "as_of": "2022-12-31",
    "rows": [{"key": "DKKD", "name": "Phòng Đăng ký kinh doanh", "outcomes": {"refused": 1, "on_time": 6, "late_with_apology": 1},
        "timeliness": {"early": 2, "on_time": 5, "late": 1}}],
    "total": {"outcomes": {"refused": 1, "on_time": 6, "late_with_apology": 1}, "timeliness": {"early": 2, "on_time": 5, "late": 1}}}))]
pub struct DossierOutcomes {
    pub from: Day,
    pub to: Day,
    /// Judged by what had happened by the end of this day.
    pub as_of: Day,
    /// Ordered by key; none with `group_by=none`.
    pub rows: Vec<OutcomeRow>,
    pub total: Outcomes,
}

impl From<&Handling> for HandlingCounts {
    fn from(r: &Handling) -> Self {
        HandlingCounts {
            received_online: r.received_online,
            received_direct_postal: r.received_direct_postal,
            carried_over: r.carried_over,
            received_total: r.received_online + r.received_direct_postal + r.carried_over,
            resolved_early: r.resolved_early,
            resolved_on_time: r.resolved_on_time,
            resolved_late: r.resolved_late,
            resolved_total: r.resolved_early + r.resolved_on_time + r.resolved_late,
            open_in_time: r.open_in_time,
            open_overdue: r.open_overdue,
            open_total: r.open_in_time + r.open_overdue,
        }
    }
}

impl DossierResults {
    pub fn of(days: Range, found: &[Handling]) -> DossierResults {
        let mut report = DossierResults {
            from: Day(days.from),
            to: Day(days.to),
            as_of: Day(days.to),
            rows: Vec::new(),
            total: HandlingCounts::default(),
        };
        for row in found {
            let counts = HandlingCounts::from(row);
            report.total.absorb(&counts);
            if let (Some(key), Some(name)) = (&row.key, &row.name)
                && counts != HandlingCounts::default()
            {
                report.rows.push(ResultRow { key: key.clone(), name: name.clone(), counts });
            }
        }
        report
    }

    /// As a table whose last row is the total.
    pub fn table(&self, total: String) -> Table {
        let mut columns = labels();
        columns.extend(HandlingCounts::columns());
        let mut rows: Vec<Vec<Cell>> = self.rows.iter().map(|r| line(&r.key, &r.name, r.counts.cells())).collect();
        rows.push(line("", &total, self.total.cells()));
        Table { name: "dossier-results", columns, rows }
    }
}

impl DossierOutcomes {
    pub fn of(days: Range, as_of: Day, found: &[Verdicts]) -> DossierOutcomes {
        let mut report = DossierOutcomes { from: Day(days.from), to: Day(days.to), as_of, rows: Vec::new(), total: Outcomes::default() };
        for row in found {
            let mut counts = Outcomes::default();
            for verdict in row.verdicts.as_array().into_iter().flatten() {
                let n = verdict[2].as_i64().unwrap_or_default();
                counts.outcomes.add(verdict[0].as_str().unwrap_or_default(), n);
                counts.timeliness.add(verdict[1].as_str().unwrap_or_default(), n);
            }
            report.total.outcomes.absorb(&counts.outcomes);
            report.total.timeliness.absorb(&counts.timeliness);
            if let (Some(key), Some(name)) = (&row.key, &row.name) {
                report.rows.push(OutcomeRow { key: key.clone(), name: name.clone(), counts });
            }
        }
        report
    }

    /// As a table whose last row is the total.
    pub fn table(&self, total: String) -> Table {
        let mut columns = labels();
        columns.extend(OutcomeCounts::columns());
        columns.extend(TimelinessCounts::columns());
        let cells = |counts: &Outcomes| {
            let mut cells = counts.outcomes.cells();
            cells.extend(counts.timeliness.cells());
            cells
        };
        let mut rows: Vec<Vec<Cell>> = self.rows.iter().map(|r| line(&r.key, &r.name, cells(&r.counts))).collect();
        rows.push(line("", &total, cells(&self.total)));
        Table { name: "dossier-outcomes", columns, rows }
    }
}

fn labels() -> Vec<Text> {
    vec![Text::new("Mã", "Code"), Text::new("Tên", "Name")]
}

fn line(key: &str, name: &str, counts: Vec<Cell>) -> Vec<Cell> {
    let mut cells = vec![Cell::Text(key.to_owned()), Cell::Text(name.to_owned())];
    cells.extend(counts);
    cells
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn counts_of_zero_are_left_out_and_rows_add_up() {
        let verdicts = json!([["on_time", "early", 2], ["on_time", "on_time", 3], ["refused", "late", 1]]);
        let row = |key: &str, verdicts| Verdicts { key: Some(key.into()), name: Some(key.into()), verdicts };
        let day = Day("2022-04-14".parse().unwrap());
        let days = Range { from: day.0, to: day.0 };
        let report = DossierOutcomes::of(days, day, &[row("A", verdicts), row("B", json!([["refused", "early", 1]]))]);
        let body = serde_json::to_value(&report).unwrap();
        assert_eq!(body["rows"][0]["outcomes"], json!({"refused": 1, "on_time": 5}));
        assert_eq!(body["rows"][0]["timeliness"], json!({"early": 2, "on_time": 3, "late": 1}));
        assert_eq!(body["total"], json!({"outcomes": {"refused": 2, "on_time": 5}, "timeliness": {"early": 3, "on_time": 3, "late": 1}}));
        let table = report.table("Tổng cộng".into());
        assert!(table.rows.iter().all(|r| r.len() == table.columns.len()));
    }
}
