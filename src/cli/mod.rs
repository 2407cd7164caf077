//! The command line: `dunghen serve | migrate | demo | openapi | check-config | create-admin | load | health`.

pub mod demo;
mod load;
pub mod progress;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Settings;

#[derive(Parser)]
#[command(
    name = "dunghen",
    version,
    about = "Đúng Hẹn: keeps a department's promises to citizens",
    long_about = "\
Đúng Hẹn is the backend that a department keeps its promises with: the tasks of its reform plan, the dossiers of its \
one-stop counter with their statutory clock, and the figures both are judged by.

Settings come from config/default.toml (inside this program), config/<env>.toml and the environment: \
DUNGHEN__HTTP__PORT=9000 sets http.port, DATABASE_URL names the database, DUNGHEN_ENV the profile (default: local)."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API; without a database of its own it starts a private PostgreSQL under data_dir.
    Serve {
        /// Load the demonstration once it serves: plan 1186, its departments, users, dossiers and figures.
        #[arg(long)]
        demo: bool,
    },
    /// Bring the database's schema up to date and stop.
    Migrate,
    /// Load the demonstration into a running server over HTTP; what is there already is left as it is.
    ///
    /// Plan 1186 with its departments, procedures, indicators and figures, one user for each role, and some hundred made-up dossiers of
    /// 2022. The users get the password dunghen-demo-2022, or the one in DUNGHEN_DEMO_PASSWORD. A production server refuses it.
    Demo {
        /// The server.
        #[arg(long, default_value = "http://127.0.0.1:8080")]
        url: String,
        /// The administrator who signs in; the password is read from DUNGHEN_PASSWORD, and is that of the demo users without it.
        #[arg(long, default_value = "admin")]
        user: String,
    },
    /// Write the contract: openapi.json and operations.txt.
    Openapi {
        /// The folder to write to; standard output when absent.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Print the settings in force, with secrets hidden, and stop; status 1 when they are not valid.
    CheckConfig,
    /// Create an administrator, or give one a new password (read from DUNGHEN_PASSWORD).
    CreateAdmin {
        /// User name: lower-case letters, digits, '.', '_', '-'.
        username: String,
        /// Name as shown to others.
        #[arg(long, default_value = "Quản trị hệ thống")]
        name: String,
        /// The password, at least 10 characters.
        #[arg(long, env = "DUNGHEN_PASSWORD", hide_env_values = true)]
        password: String,
    },
    /// Load a file of rows (NDJSON, JSON, CSV, XLSX) into a running server; what is broken off goes on.
    Load(load::LoadArgs),
    /// Status 0 when the server at this address is ready.
    Health {
        /// The server.
        #[arg(long, default_value = "http://127.0.0.1:8080")]
        url: String,
    },
}

/// Runs the program; the status is 0 for success, 1 for a failure, 2 for wrong usage.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(status) => status,
        Err(error) => {
            eprintln!("dunghen: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Any failure that ends the program, as it is told to the person at the terminal.
pub type Failure = Box<dyn std::error::Error>;

fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Openapi { out: None } => print!("{}", crate::openapi::text()),
        Command::Openapi { out: Some(folder) } => {
            std::fs::create_dir_all(&folder)?;
            std::fs::write(folder.join("openapi.json"), crate::openapi::text())?;
            std::fs::write(folder.join("operations.txt"), crate::openapi::operations())?;
        }
        Command::CheckConfig => println!("{}", Settings::load()?.hidden()),
        other => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            let status = runtime.block_on(wait_for(other));
            // A read of standard input that never ends must not keep the program from ending.
            runtime.shutdown_background();
            return status;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn wait_for(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Serve { demo } => serve::serve(demo).await?,
        Command::Migrate => serve::migrate().await?,
        Command::CreateAdmin { username, name, password } => serve::create_admin(&username, &name, &password).await?,
        Command::Demo { url, user } => demo::command(&url, &user).await?,
        Command::Load(args) => return Ok(load::load(&args).await),
        Command::Health { url } => serve::health(&url).await?,
        Command::Openapi { .. } | Command::CheckConfig => {}
    }
    Ok(ExitCode::SUCCESS)
}
