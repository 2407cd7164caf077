//! Making a cluster.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::account::{private_dir, private_file, succeeded};
use super::error::{At, PrivateError};
use super::find::Install;
use super::place::Paths;
use super::settings::SETTINGS_FILE;
use super::{Profile, ROLE};

pub(super) const PASSWORD_FILE: &str = "dunghen.password";

const DRAFT: &str = "postgres.new-";

/// Makes a cluster beside its place and moves it there whole, so that half of one is never used.
pub(super) fn make(install: &Install, paths: &Paths, profile: Profile) -> Result<(), PrivateError> {
    let account = install.account.as_ref();
    match fs::remove_dir(&paths.cluster) {
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
            return Err(PrivateError::Foreign { path: paths.cluster.clone(), why: "it is not a PostgreSQL cluster" });
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).at("use", &paths.cluster);
        }
        _ => {}
    }
    let password = random_hex()?;
    let password_file = paths.socket_dir.join("password");
    private_file(&password_file, &password, account)?;
    let mut name = random_hex()?;
    name.truncate(12);
    let draft = paths.home.join(format!("{DRAFT}{name}"));
    let mut made = Ok(());
    // The order of bytes is the same for every locale here; only the letters' case needs one.
    for locale in ["C.UTF-8", "en_US.UTF-8"] {
        sweep(&paths.home);
        private_dir(&draft, account)?;
        let mut initdb = install.program("initdb");
        initdb
            .args(["--username", ROLE, "--encoding", "UTF8"])
            .args(["--locale", locale, "--lc-collate", "C"])
            .args(["--auth", "scram-sha-256", "--data-checksums"])
            .arg("--pwfile")
            .arg(&password_file)
            .arg("--pgdata")
            .arg(&draft);
        if profile == Profile::Throwaway {
            initdb.arg("--no-sync");
        }
        made = succeeded("initdb", initdb.output()).map(drop);
        if made.is_ok() {
            break;
        }
    }
    let _ = fs::remove_file(&password_file);
    made?;

    private_file(&draft.join(PASSWORD_FILE), &password, account)?;
    let conf = draft.join("postgresql.conf");
    let mut conf_file = OpenOptions::new().append(true).open(&conf).at("open", &conf)?;
    write!(
        conf_file,
        "\n# {SETTINGS_FILE} is written anew at every start; your own settings go into local.conf.\n\
         include '{SETTINGS_FILE}'\ninclude_if_exists 'local.conf'\n"
    )
    .and_then(|()| conf_file.sync_all())
    .at("write", &conf)?;
    fs::rename(&draft, &paths.cluster).at("rename", &draft)?;
    sweep(&paths.home);
    File::open(&paths.home).and_then(|home| home.sync_all()).at("save", &paths.home)?;
    tracing::info!(path = %paths.cluster.display(), major = install.major, "made a PostgreSQL cluster");
    Ok(())
}

/// Removes what killed attempts left behind. An orphaned `initdb` may still be writing into its
/// draft, so this does as much as it can and never fails.
fn sweep(home: &Path) {
    let Ok(entries) = fs::read_dir(home) else {
        return;
    };
    for entry in entries.flatten() {
        if entry.file_name().as_bytes().starts_with(DRAFT.as_bytes()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn random_hex() -> Result<String, PrivateError> {
    let source = Path::new("/dev/urandom");
    let mut bytes = [0; 24];
    File::open(source).and_then(|mut file| file.read_exact(&mut bytes)).at("read", source)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
