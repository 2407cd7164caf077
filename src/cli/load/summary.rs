//! What became of a load, for people and for scripts.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::client::bulk::Summary;
use crate::http::Lang;

pub struct Report<'a> {
    pub summary: Summary,
    pub warned: u64,
    pub took: Duration,
    /// Rows of this run, without those of one broken off before.
    pub rows_now: u64,
    pub dry_run: bool,
    /// A refused row refused all.
    pub nothing_written: bool,
    pub errors: Option<&'a Path>,
    /// Refused rows that the server did not list.
    pub unlisted: u64,
}

impl Report<'_> {
    fn rate(&self) -> f64 {
        #[allow(clippy::cast_precision_loss)] // Nobody sends so many.
        let rows = self.rows_now as f64;
        rows / self.took.as_secs_f64().max(0.001)
    }

    pub fn json(&self) -> String {
        let s = self.summary;
        let all = json!({
            "received": s.received, "created": s.created, "updated": s.updated, "unchanged": s.unchanged, "rejected": s.rejected,
            "warnings": self.warned, "seconds": (self.took.as_secs_f64() * 1000.0).round() / 1000.0, "rows_per_second": self.rate().round(),
            "dry_run": self.dry_run, "nothing_written": self.nothing_written || self.dry_run,
            "errors_file": self.errors.map(|path| path.display().to_string()),
        });
        all.to_string()
    }

    pub fn text(&self, lang: Lang) -> String {
        let vi = lang == Lang::Vi;
        let say = |a: &'static str, b: &'static str| if vi { a } else { b };
        let s = self.summary;
        let mut lines = Vec::new();
        for (count, word) in [
            (s.received, say("dòng", "rows")),
            (s.created, say("tạo mới", "created")),
            (s.updated, say("cập nhật", "updated")),
            (s.unchanged, say("không đổi", "unchanged")),
            (s.rejected, say("bị từ chối", "refused")),
            (self.warned, say("có cảnh báo", "with a warning")),
        ] {
            lines.push(format!("{count:>12}  {word}"));
        }
        let (seconds, rate) = (self.took.as_secs_f64(), self.rate());
        lines.push(format!("{seconds:>12.1}  {}, {rate:.0} {}", say("giây", "seconds"), say("dòng/giây", "rows/s")));
        if self.dry_run {
            lines.push(say("Chạy thử: không ghi gì.", "A dry run: nothing was written.").to_owned());
        } else if self.nothing_written {
            let text = say(
                "Không ghi gì: một dòng bị từ chối thì cả tệp bị từ chối (--mode best-effort ghi những dòng đúng).",
                "Nothing was written: one refused row refuses all (--mode best-effort takes the good ones).",
            );
            lines.push(text.to_owned());
        }
        if let (Some(path), true) = (self.errors, s.rejected > 0) {
            let text = say("Các dòng bị từ chối nằm trong", "The refused rows are in");
            lines.push(format!("{text} {}.", path.display()));
        }
        if self.unlisted > 0 {
            let text = say("dòng bị từ chối mà máy chủ không liệt kê.", "refused rows were not listed by the server.");
            lines.push(format!("{} {text}", self.unlisted));
        }
        lines.join("\n")
    }
}
