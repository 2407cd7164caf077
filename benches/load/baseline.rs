//! What the server is held against: the same statements through `pgbench` and `psql`, on the same cluster.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use dunghen::db::private::PrivateCluster;

use crate::CONNECTIONS;
use crate::wire::{seconds, timed};

/// The same statements through pgbench, prepared, with as many connections: transactions a second.
pub fn pgbench(cluster: &PrivateCluster, dir: &Path, name: &str, statements: &[String]) -> f64 {
    let mut command = Command::new(cluster.bin_dir().join("pgbench"));
    command.args(["-n", "-M", "prepared", "-c", &CONNECTIONS.to_string(), "-j", "2", "-T", &seconds().to_string()]);
    for (i, statement) in statements.iter().enumerate() {
        let file = dir.join(format!("{name}-{i}.sql"));
        std::fs::write(&file, format!("{};\n", statement.replace('\n', " "))).unwrap();
        command.arg("-f").arg(file);
    }
    let output = command.arg(cluster.url()).output().expect("pgbench (Debian: postgresql-client)");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let tps = text.lines().find_map(|l| l.strip_prefix("tps = ")).and_then(|l| l.split(' ').next()).and_then(|t| t.parse().ok());
    tps.unwrap_or_else(|| panic!("pgbench: {text}{}", String::from_utf8_lossy(&output.stderr)))
}

pub fn psql(cluster: &PrivateCluster, commands: &[&str]) -> String {
    let mut command = Command::new(cluster.bin_dir().join("psql"));
    command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]);
    for text in commands {
        command.args(["-c", text]);
    }
    let output = command.arg(cluster.url()).output().expect("psql (Debian: postgresql-client)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Results of handling for a period: seconds over HTTP, and seconds of the plain SQL over all dossiers; the best of three each, by
/// turns. Both must say the same.
pub fn side_by_side(base: &str, cluster: &PrivateCluster, request: &[u8], period: &str) -> (f64, f64) {
    let set = dunghen::reports::period::PeriodSet::Calendar;
    let days = dunghen::reports::period::Period::parse(period).unwrap().days(set);
    let end = format!("{} 00:00+07", days.to.succ_opt().unwrap());
    let plain = include_str!("results_baseline.sql");
    let plain = plain.replace("{from}", &days.from.to_string()).replace("{to}", &days.to.to_string()).replace("{end}", &end);
    let own = dunghen::reports::results_statement(period, set).unwrap();
    assert_eq!(psql(cluster, &[&own]), psql(cluster, &[&plain]), "{period}");
    let (mut served, mut aggregate) = (f64::MAX, f64::MAX);
    for _ in 0..3 {
        served = served.min(timed(base, request));
        let started = Instant::now();
        psql(cluster, &[&plain]);
        aggregate = aggregate.min(started.elapsed().as_secs_f64());
    }
    (served, aggregate)
}
