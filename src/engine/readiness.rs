//! Waiting for a descriptor to be ready.

use std::io;
use std::os::fd::AsRawFd;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Watches a descriptor that `owner` holds open.
pub(super) fn readiness<T: AsRawFd>(owner: T, interest: Interest) -> io::Result<AsyncFd<T>> {
    #[expect(
        deprecated,
        reason = "the successor is unsafe, since any number can be a RawFd; ours are those of open owners"
    )]
    AsyncFd::with_interest(owner, interest)
}
