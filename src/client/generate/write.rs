//! A history as a line of JSON. By hand, since a million of them should not be the slow part of a measurement; the
//! words are ours and need no escaping.

use chrono::{Datelike, NaiveDate};

use super::tale::{Moment, Tale};
use super::words::itoa;

struct Line<'a> {
    out: &'a mut Vec<u8>,
}

impl Line<'_> {
    fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn number(&mut self, n: u32) {
        let mut buffer = [0; 10];
        self.raw(itoa(n, &mut buffer));
    }

    fn padded(&mut self, n: u32, digits: usize) {
        let mut buffer = [0; 10];
        let text = itoa(n, &mut buffer);
        for _ in text.len()..digits {
            self.out.push(b'0');
        }
        self.raw(text);
    }

    fn date(&mut self, date: i32) {
        let date = NaiveDate::from_num_days_from_ce_opt(date).unwrap_or_default();
        self.padded(date.year().unsigned_abs(), 4);
        self.raw("-");
        self.padded(date.month(), 2);
        self.raw("-");
        self.padded(date.day(), 2);
    }

    /// `,"name":"` and an instant and `"`.
    fn at(&mut self, name: &str, at: Moment) {
        self.raw(name);
        self.date(at.date);
        self.raw("T");
        self.padded(at.second / 3600, 2);
        self.raw(":");
        self.padded(at.second / 60 % 60, 2);
        self.raw(":");
        self.padded(at.second % 60, 2);
        self.raw("+07:00\"");
    }

    fn text(&mut self, name: &str, text: &str) {
        self.raw(name);
        self.raw(text);
        self.raw("\"");
    }

    /// `,"name":"` and number, suffix and department.
    fn document(&mut self, name: &str, n: u32, suffix: &str, department: &str) {
        self.raw(name);
        self.number(n);
        self.raw(suffix);
        self.raw(department);
        self.raw("\"");
    }

    fn list<T>(&mut self, name: &str, items: &[T], mut each: impl FnMut(&mut Self, &T)) {
        if items.is_empty() {
            return;
        }
        self.raw(name);
        for (i, item) in items.iter().enumerate() {
            self.raw(if i == 0 { "{" } else { ",{" });
            each(self, item);
            self.raw("}");
        }
        self.raw("]");
    }
}

impl Tale {
    /// Appends the row and a line break.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut line = Line { out };
        self.head(&mut line);
        line.list(",\"supplements\":[", &self.supplements, |line, s| {
            line.at("\"requested_at\":\"", s.requested);
            line.text(",\"reason\":\"", s.reason);
            if let Some(n) = s.document {
                line.document(",\"document_no\":\"", n, "/TB-", self.receiving);
            }
            if let Some(date) = s.respond_by {
                line.raw(",\"respond_by_on\":\"");
                line.date(date);
                line.raw("\"");
            }
            if let Some(at) = s.fulfilled {
                line.at(",\"fulfilled_at\":\"", at);
            }
        });
        line.list(",\"suspensions\":[", &self.suspensions, |line, s| {
            line.at("\"from\":\"", s.from);
            if let Some(at) = s.to {
                line.at(",\"to\":\"", at);
            }
            line.text(",\"reason\":\"", s.reason);
            if let Some(basis) = s.basis {
                line.text(",\"legal_basis\":\"", basis);
            }
        });
        line.list(",\"fee_requests\":[", &self.fees, |line, f| {
            line.at("\"requested_at\":\"", f.requested);
            line.raw(",\"amount_vnd\":");
            line.number(f.amount_vnd);
            if let Some(at) = f.paid {
                line.at(",\"paid_at\":\"", at);
            }
        });
        line.list(",\"apologies\":[", &self.apologies, |line, a| {
            line.at("\"sent_at\":\"", a.sent);
            line.text(",\"reason\":\"", a.reason);
            line.raw(",\"new_due_on\":\"");
            line.date(a.new_due);
            line.raw("\"");
            line.document(",\"document_no\":\"", a.document, "/XL-", self.procedure.department);
        });
        line.list(",\"consultations\":[", &self.consultations, |line, c| {
            line.text("\"agency\":\"", c.agency);
            line.at(",\"sent_at\":\"", c.sent);
            line.document(",\"document_no\":\"", c.document, "/SKHĐT-", self.procedure.department);
            line.raw(",\"answer_due_on\":\"");
            line.date(c.answer_due);
            line.raw("\"");
            line.list(",\"reminders\":[", &c.reminders, |line, (at, n)| {
                line.at("\"sent_at\":\"", *at);
                line.document(",\"document_no\":\"", *n, "/SKHĐT-", self.procedure.department);
            });
            if let Some(at) = c.answered {
                line.at(",\"answered_at\":\"", at);
            }
        });
        line.raw(if self.digitised { ",\"digitised\":true" } else { ",\"digitised\":false" });
        if let Some(decision) = &self.decision {
            line.text(",\"decision\":\"", decision.name);
            if let Some(reason) = decision.reason {
                line.text(",\"decision_reason\":\"", reason);
            }
            if let Some(n) = decision.document {
                let (suffix, department) = match decision.name {
                    "resolved" if self.procedure.department == "DKKD" => ("/GCN", ""),
                    "resolved" => ("/QĐ-SKHĐT", ""),
                    _ => ("/TB-", self.procedure.department),
                };
                line.document(",\"decision_document_no\":\"", n, suffix, department);
            }
            line.at(",\"finished_at\":\"", decision.at);
        }
        if let Some(at) = self.returned {
            line.at(",\"returned_at\":\"", at);
        }
        line.raw("}\n");
    }

    fn head(&self, line: &mut Line<'_>) {
        let date = NaiveDate::from_num_days_from_ce_opt(self.received_on).unwrap_or_default();
        line.raw("{\"code\":\"H32.05-");
        line.padded(date.year().unsigned_abs() % 100, 2);
        line.padded(date.month(), 2);
        line.padded(date.day(), 2);
        line.raw("-");
        line.padded(self.number, 4);
        line.text("\",\"source_system\":\"", if self.national.is_some() { "dkqg" } else { "motcua" });
        if let Some(n) = self.national {
            line.raw(",\"external_code\":\"");
            line.number(n);
            line.raw("\"");
        }
        line.text(",\"procedure\":\"", self.procedure.code);
        line.text(",\"receiving_department\":\"", self.receiving);
        line.text(",\"resolving_department\":\"", self.procedure.department);
        line.text(",\"channel\":\"", self.channel);
        line.text(",\"applicant\":{\"kind\":\"", self.applicant_kind);
        line.text(",\"name\":\"", &self.applicant);
        line.raw("}");
        line.at(",\"submitted_at\":\"", self.submitted);
        if let Some(at) = self.accepted {
            line.at(",\"accepted_at\":\"", at);
        }
    }
}
