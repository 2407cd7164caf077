//! Settings: embedded defaults, `config/<env>.toml`, environment. Unknown keys are refused.

use std::path::PathBuf;

use config::{Config, Environment, File, FileFormat};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

const DEFAULTS: &str = include_str!("../config/default.toml");
const PRODUCTION: &str = include_str!("../config/production.toml");

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    #[serde(skip)]
    pub env: String,
    pub data_dir: PathBuf,
    pub http: Http,
    pub database: Database,
    pub auth: Auth,
    pub limits: Limits,
    pub upkeep: Upkeep,
    pub jobs: Jobs,
    pub personal_data: PersonalData,
    pub reminders: Reminders,
    pub mail: Mail,
    pub explanations: Explanations,
    pub clock: ClockFile,
    pub demo: Demo,
    pub log: Log,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    pub host: String,
    pub port: u16,
    pub workers: usize,
    pub public_url: String,
    pub max_body_bytes: usize,
    pub max_bulk_bytes: u64,
    pub max_file_bytes: u64,
    pub max_body_ratio: u64,
    pub header_timeout_s: u64,
    pub body_timeout_s: u64,
    pub min_bulk_bytes_per_s: u64,
    pub behind_proxy: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    pub url: SecretString,
    pub connections_per_worker: u32,
    pub background_connections: u32,
    pub acquire_timeout_s: u64,
    pub statement_timeout_s: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    pub signing_key_file: String,
    pub signing_key: SecretString,
    pub audience: String,
    pub access_token_minutes: i64,
    pub session_days: i64,
    pub password_checks: usize,
    pub free_failures: u32,
    pub free_failures_per_address: u32,
    pub longest_lock_s: u32,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub requests_per_s: u32,
    pub burst: u32,
    pub address_requests_per_s: u32,
    pub address_burst: u32,
    pub in_flight_per_worker: usize,
    pub waiting_per_worker: usize,
    pub waiting_overloaded_per_worker: usize,
    pub at_work_overloaded_per_worker: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upkeep {
    pub every_s: u64,
    pub batch: u32,
    pub idempotency_days: i64,
    pub session_days: i64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jobs {
    pub poll_ms: u64,
    pub lease_s: u32,
    pub chunk_rows: usize,
    pub pause_ms: u64,
    pub open_per_caller: u32,
    pub keep_days: i64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonalData {
    pub key_file: String,
    pub key: SecretString,
    pub keep_days: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explanations {
    pub due_working_days: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reminders {
    pub days_ahead: u32,
    pub digest_at: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub enabled: bool,
    pub host: String,
    pub port: u16,
    pub tls: MailTls,
    pub username: String,
    pub password: SecretString,
    pub from: String,
    pub timeout_s: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailTls {
    None,
    Starttls,
    Tls,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockFile {
    pub file: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demo {
    pub allowed: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub filter: String,
    pub format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Debug)]
pub struct ConfigError(pub String);

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

impl Settings {
    /// Reads all sources for the profile named by `DUNGHEN_ENV` (default `local`).
    ///
    /// # Errors
    /// An unknown key, a wrong type, or a value out of range; the text names the key.
    pub fn load() -> Result<Settings, ConfigError> {
        let env = std::env::var("DUNGHEN_ENV").unwrap_or_else(|_| "local".into());
        Self::from_sources(&env, Environment::default())
    }

    fn from_sources(env: &str, environment: Environment) -> Result<Settings, ConfigError> {
        let broken = |e: config::ConfigError| ConfigError(e.to_string());
        let mut settings: Settings = Config::builder()
            .add_source(File::from_str(DEFAULTS, FileFormat::Toml))
            .add_source(File::from_str(if env == "production" { PRODUCTION } else { "" }, FileFormat::Toml))
            .add_source(File::with_name(&format!("config/{env}")).format(FileFormat::Toml).required(false))
            .add_source(environment.prefix("DUNGHEN").prefix_separator("__").separator("__").ignore_empty(true).try_parsing(true))
            .build()
            .map_err(broken)?
            .try_deserialize()
            .map_err(broken)?;
        settings.env = env.to_owned();
        if settings.database.url.expose_secret().is_empty()
            && let Ok(url) = std::env::var("DATABASE_URL")
        {
            settings.database.url = SecretString::from(url);
        }
        settings.check()?;
        Ok(settings)
    }

    /// Whether this is the production profile, which takes no generated key and no demo users.
    pub fn production(&self) -> bool {
        self.env == "production"
    }

    fn check(&self) -> Result<(), ConfigError> {
        let mut faults = Vec::new();
        if !(1..=15).contains(&self.auth.access_token_minutes) {
            faults.push("auth.access_token_minutes must be 1 to 15");
        }
        if !(1..=365).contains(&self.auth.session_days) {
            faults.push("auth.session_days must be 1 to 365");
        }
        if self.http.max_body_ratio == 0 || self.http.header_timeout_s == 0 || self.http.body_timeout_s == 0 {
            faults.push("http.max_body_ratio, http.header_timeout_s and http.body_timeout_s must be at least 1");
        }
        if self.auth.password_checks == 0 {
            faults.push("auth.password_checks must be at least 1");
        }
        if self.auth.free_failures == 0 || self.auth.free_failures_per_address == 0 {
            faults.push("auth.free_failures and auth.free_failures_per_address must be at least 1");
        }
        // House-keeping forgets failures a day after the last one, and the lock with them.
        if !(1..=86_400).contains(&self.auth.longest_lock_s) {
            faults.push("auth.longest_lock_s must be 1 to 86400");
        }
        if self.limits.in_flight_per_worker == 0 || self.limits.at_work_overloaded_per_worker == 0 {
            faults.push("limits.in_flight_per_worker and limits.at_work_overloaded_per_worker must be at least 1");
        }
        if self.upkeep.every_s == 0 || self.upkeep.batch == 0 {
            faults.push("upkeep.every_s and upkeep.batch must be at least 1");
        }
        // Retries are promised for 7 days, and an ended session must outlive its last access token.
        if !(7..=365).contains(&self.upkeep.idempotency_days) || !(1..=3650).contains(&self.upkeep.session_days) {
            faults.push("upkeep.idempotency_days must be 7 to 365, upkeep.session_days 1 to 3650");
        }
        let jobs = &self.jobs;
        if jobs.poll_ms == 0 || jobs.lease_s == 0 || jobs.chunk_rows == 0 || jobs.open_per_caller == 0 {
            faults.push("jobs.poll_ms, jobs.lease_s, jobs.chunk_rows and jobs.open_per_caller must be at least 1");
        }
        if !(1..=3650).contains(&jobs.keep_days) {
            faults.push("jobs.keep_days must be 1 to 3650");
        }
        if self.database.connections_per_worker == 0 || self.database.background_connections == 0 {
            faults.push("database.connections_per_worker and database.background_connections must be at least 1");
        }
        if !(1..=36_525).contains(&self.personal_data.keep_days) {
            faults.push("personal_data.keep_days must be 1 to 36525");
        }
        if !(1..=30).contains(&self.reminders.days_ahead) || chrono::NaiveTime::parse_from_str(&self.reminders.digest_at, "%H:%M").is_err()
        {
            faults.push("reminders.days_ahead must be 1 to 30, reminders.digest_at a time of day like 07:30");
        }
        if !(1..=600).contains(&self.mail.timeout_s) || (self.mail.enabled && self.mail.host.is_empty()) {
            faults.push("mail.timeout_s must be 1 to 600, and mail needs mail.host");
        }
        if !(1..=60).contains(&self.explanations.due_working_days) {
            faults.push("explanations.due_working_days must be 1 to 60");
        }
        if self.production() {
            if self.database.url.expose_secret().is_empty() {
                faults.push("production needs a database: set DATABASE_URL");
            }
            if self.auth.signing_key_file.is_empty() && self.auth.signing_key.expose_secret().is_empty() {
                faults.push("production needs its own signing key: set DUNGHEN__AUTH__SIGNING_KEY_FILE");
            }
            if self.personal_data.key_file.is_empty() && self.personal_data.key.expose_secret().is_empty() {
                faults.push("production needs its own key for personal data: set DUNGHEN__PERSONAL_DATA__KEY_FILE");
            }
            if !self.clock.file.is_empty() {
                faults.push("production goes by the wall clock: leave clock.file empty");
            }
            if self.demo.allowed {
                faults.push("production takes no demo data: leave demo.allowed false");
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(ConfigError(faults.join("\n"))) }
    }

    /// The settings as text with every secret hidden.
    pub fn hidden(&self) -> String {
        format!("environment: {}\n{self:#?}", self.env)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn with(env: &str, pairs: &[(&str, &str)]) -> Result<Settings, ConfigError> {
        let map = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Settings::from_sources(env, Environment::default().source(Some(map)))
    }

    #[test]
    fn the_environment_wins_over_the_defaults() {
        let settings = with("local", &[("DUNGHEN__HTTP__PORT", "9000"), ("DUNGHEN__DATABASE__URL", "postgres://u:pw@h/d")]).unwrap();
        assert_eq!(settings.http.port, 9000);
        assert!(!settings.hidden().contains("pw"));
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let error = with("local", &[("DUNGHEN__HTTP__PROT", "9000")]).unwrap_err();
        assert!(error.0.contains("prot"), "{error}");
    }

    #[test]
    fn a_lock_does_not_outlive_its_count() {
        for (seconds, good) in [("0", false), ("1", true), ("86400", true), ("86401", false)] {
            assert_eq!(with("local", &[("DUNGHEN__AUTH__LONGEST_LOCK_S", seconds)]).is_ok(), good, "{seconds}");
        }
    }

    #[test]
    fn production_refuses_a_generated_key_and_demo_data() {
        let error = with("production", &[("DUNGHEN__DEMO__ALLOWED", "true"), ("DUNGHEN__DATABASE__URL", "postgres://h/d")]).unwrap_err();
        assert!(error.0.contains("signing key") && error.0.contains("demo"), "{error}");
        assert!(error.0.contains("key for personal data"), "{error}");
        assert!(!error.0.contains("clock"), "{error}");
        let key = ("DUNGHEN__AUTH__SIGNING_KEY_FILE", "/run/secrets/key");
        let personal = ("DUNGHEN__PERSONAL_DATA__KEY_FILE", "/run/secrets/personal");
        let database = ("DUNGHEN__DATABASE__URL", "postgres://h/d");
        assert!(with("production", &[key, personal, database]).is_ok());
        let error = with("production", &[key, personal, database, ("DUNGHEN__CLOCK__FILE", "/tmp/clock")]).unwrap_err();
        assert!(error.0.contains("wall clock"), "{error}");
    }
}
