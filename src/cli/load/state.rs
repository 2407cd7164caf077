//! How far a load was confirmed: kept in a file beside the source, so that the same command goes on there.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::args::LoadArgs;
use super::spool::{Spool, hex};
use crate::client::bulk::Summary;
use crate::http::json::digest;

/// What a load is of: when any of it differs, it is another load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Of {
    url: String,
    /// Keys are kept by whom they come from.
    who: String,
    resource: String,
    options: String,
    /// Of the rows as they are sent.
    digest: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    version: u8,
    of: Of,
    /// Makes the keys of this run others than those of the next.
    run: uuid::Uuid,
    /// Chunks.
    pub confirmed: usize,
    pub summary: Summary,
    pub warned: u64,
    /// Length of the file of refused rows.
    pub refused_bytes: u64,
    #[serde(skip)]
    path: Option<PathBuf>,
}

/// What was found when a load begins.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    Nothing,
    /// The same load, broken off.
    Same,
    /// Another file, or other options.
    Another,
}

impl State {
    /// The state of this load: as it was left, or of the beginning.
    ///
    /// # Errors
    /// A file of states that cannot be read.
    pub fn of(args: &LoadArgs, spool: &Spool) -> io::Result<(State, Found)> {
        let path = match (&args.state, args.piped()) {
            _ if args.dry_run => None,
            (Some(path), _) => Some(path.clone()),
            (None, true) => None,
            (None, false) => Some(beside(&args.file)),
        };
        let of = Of {
            url: args.url.trim_end_matches('/').to_owned(),
            who: args.user.clone().or_else(|| args.client.clone()).unwrap_or_default(),
            resource: args.resource.clone(),
            options: args.fingerprint(),
            digest: spool.digest.clone(),
        };
        let kept = match path.as_deref().map(std::fs::read) {
            Some(Ok(bytes)) => Some(serde_json::from_slice::<State>(&bytes).ok().filter(|s| s.version == 1)),
            Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => None,
        };
        let found = match kept {
            None => Found::Nothing,
            Some(Some(state)) if state.of == of && state.confirmed <= spool.chunks() => return Ok((State { path, ..state }, Found::Same)),
            Some(_) => Found::Another,
        };
        let run = uuid::Uuid::now_v7();
        Ok((State { version: 1, of, run, confirmed: 0, summary: Summary::default(), warned: 0, refused_bytes: 0, path }, found))
    }

    /// Counts from the beginning; what was sent is answered as it was.
    pub fn rewind(&mut self) {
        (self.confirmed, self.summary, self.warned, self.refused_bytes) = (0, Summary::default(), 0, 0);
    }

    /// The key of a chunk.
    pub fn key(&self, chunk: usize) -> String {
        let of = &self.of;
        let all = format!("{} {} {} {} {chunk}", self.run, of.digest, of.resource, of.options);
        format!("load-{}", hex(&digest(all.as_bytes())))
    }

    /// Puts it in place of the one before, whole.
    pub fn keep(&self) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let named = |error: io::Error| io::Error::other(format!("{}: {error} (--state FILE puts it elsewhere)", path.display()));
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(named)?;
        serde_json::to_writer_pretty(&mut file, self)?;
        file.write_all(b"\n").map_err(named)?;
        file.as_file().sync_data().map_err(named)?;
        file.persist(path).map_err(|e| named(e.error))?;
        Ok(())
    }

    /// All is done.
    pub fn remove(&self) -> io::Result<()> {
        match self.path.as_deref().map(std::fs::remove_file) {
            Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Where it is kept.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }
}

fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".dunghen-load.json");
    name.into()
}
