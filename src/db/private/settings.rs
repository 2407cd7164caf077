//! The settings file, written anew at every start.

use std::path::Path;

use super::{Profile, ROLE};

pub(super) const SETTINGS_FILE: &str = "dunghen.conf";

impl Profile {
    fn settings(self) -> &'static str {
        match self {
            Profile::Durable => {
                "\
fsync = on
synchronous_commit = on
full_page_writes = on
shared_buffers = 256MB
effective_cache_size = 1GB
work_mem = 16MB
maintenance_work_mem = 128MB
max_connections = 100
"
            }
            Profile::Throwaway => {
                "\
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
shared_buffers = 128MB
max_connections = 200
"
            }
        }
    }
}

/// The socket directory has no quote in it: see `place::socket_dir_for`.
pub(super) fn settings(socket_dir: &Path, port: u16, profile: Profile) -> String {
    format!(
        "# Written at every start. Your own settings go into local.conf beside this file.\n\
         listen_addresses = '127.0.0.1'\n\
         port = {port}\n\
         unix_socket_directories = '{}'\n\
         unix_socket_permissions = 0700\n\
         cluster_name = '{ROLE}'\n\
         password_encryption = 'scram-sha-256'\n\
         ssl = off\n\
         timezone = 'UTC'\n\
         log_timezone = 'UTC'\n\
         logging_collector = off\n\
         log_destination = 'stderr'\n\
         log_line_prefix = '%m [%p] '\n\
         max_wal_size = 2GB\n\
         min_wal_size = 256MB\n\
         wal_compression = on\n\
         checkpoint_timeout = 15min\n\
         checkpoint_completion_target = 0.9\n\
         random_page_cost = 1.1\n\
         jit = off\n{}",
        socket_dir.display(),
        profile.settings()
    )
}
