//! The secrets of TLS, written for who wants to read what was recorded, as Wireshark does.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use data_encoding::HEXLOWER;
use tokio_rustls::rustls::KeyLog;

/// A file in the format of NSS, to which others may append as well.
#[derive(Debug)]
pub(super) struct KeyLogFile(File);

impl KeyLogFile {
    pub fn open(path: &Path) -> io::Result<KeyLogFile> {
        let mut options = OpenOptions::new();
        Ok(KeyLogFile(options.create(true).append(true).open(path)?))
    }
}

impl KeyLog for KeyLogFile {
    /// A line that cannot be written is left out: a connection must not end by it.
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let (random, secret) = (HEXLOWER.encode(client_random), HEXLOWER.encode(secret));
        let _ = (&self.0).write_all(format!("{label} {random} {secret}\n").as_bytes());
    }
}
