//! `dunghen load`: a file of rows into a bulk endpoint, chunk by chunk.

mod args;
mod cell;
mod contract;
mod mapping;
mod read;
mod refused;
mod run;
mod send;
mod sheet;
mod spool;
mod state;
mod summary;

use std::process::ExitCode;
use std::time::Duration;

pub use self::args::LoadArgs;
use self::contract::Resource;
use self::mapping::Mapping;
use self::read::Stopped;
use self::send::Sender;
use super::Failure;
use super::progress::Progress;
use crate::client::{Client, Credentials};

/// Which status ends the program.
enum Verdict {
    Applied,
    Refused,
}

pub async fn load(args: &LoadArgs) -> ExitCode {
    let ended = tokio::select! {
        ended = begin(args) => ended,
        _ = tokio::signal::ctrl_c() => {
            eprintln!("\ndunghen: interrupted; the same command goes on");
            return ExitCode::from(130);
        }
    };
    match ended {
        Ok(Verdict::Applied) => ExitCode::SUCCESS,
        Ok(Verdict::Refused) => ExitCode::from(1),
        Err(error) => {
            eprintln!("dunghen: {error}");
            ExitCode::from(2)
        }
    }
}

async fn begin(args: &LoadArgs) -> Result<Verdict, Failure> {
    let credentials = credentials(args)?;
    let mapping = args.map.as_deref().map(Mapping::read).transpose()?.unwrap_or_default();
    for path in args.errors.iter().chain(&args.state) {
        if same_file(path, &args.file) || args.errors == args.state {
            return Err(format!("{}: one file for two things", path.display()).into());
        }
    }
    let mut client = Client::at(&args.url, args.lang().tag())?;
    client.enter(credentials.clone()).await?;
    let resource = Resource::find(&client.get("/openapi.json").await?, &args.resource)?;

    let progress = Progress::waiting();
    progress.now("reading");
    let (reading, name) = (args.clone(), resource.name.clone());
    let read = tokio::task::spawn_blocking(move || read::read(&reading, mapping, &resource)).await?;
    progress.end();
    let spool = match read {
        Ok(spool) => spool,
        Err(Stopped::Usage(text)) => return Err(text.into()),
        Err(Stopped::Refused(faults)) => {
            eprintln!("dunghen: {} was refused, nothing was written", args.file.display());
            faults.iter().for_each(|fault| eprintln!("  {fault}"));
            return Ok(Verdict::Refused);
        }
    };
    let sender = Sender { client, credentials, resource: name, patience: Duration::from_secs(args.retry_for) };
    run::run(args, &spool, sender).await
}

fn credentials(args: &LoadArgs) -> Result<Credentials, Failure> {
    let secret = |name: &str, who: &str| std::env::var(name).map_err(|_| format!("set {name} to the secret of {who}"));
    match (&args.user, &args.client) {
        (Some(user), _) => Ok(Credentials::user(user, &secret("DUNGHEN_PASSWORD", user)?)),
        (None, Some(client)) => Ok(Credentials::machine(client, &secret("DUNGHEN_CLIENT_SECRET", client)?)),
        (None, None) => Err("--as USER or --client ID".into()),
    }
}

fn same_file(a: &std::path::Path, b: &std::path::Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}
