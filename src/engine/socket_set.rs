//! Sockets in one epoll set: who polls that set is woken once for all of them.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};

use rustix::event::{Timespec, epoll};
use tokio::io::Interest;

use super::readiness::readiness;

/// One look at the set tells of so many sockets at most.
const AT_ONCE: usize = 256;

const NO_WAIT: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 0,
};

/// See the module.
pub(super) struct SocketSet(OwnedFd);

impl SocketSet {
    pub fn new() -> io::Result<SocketSet> {
        let set = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        Ok(SocketSet(set))
    }

    /// What is polled.
    pub fn raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    /// Watches a socket of the client `id` for something to read.
    pub fn add(&self, id: u32, socket: impl AsFd) -> io::Result<()> {
        let data = epoll::EventData::new_u64(id.into());
        epoll::add(&self.0, socket, data, epoll::EventFlags::IN)?;
        Ok(())
    }

    pub fn remove(&self, socket: impl AsFd) {
        // It fails for what is not in the set.
        let _ = epoll::delete(&self.0, socket);
    }

    /// The clients with something to read.
    pub fn look(&self) -> impl Iterator<Item = u32> {
        let mut events = Vec::with_capacity(AT_ONCE);
        // An error leaves no events; there will be another look.
        let _ = epoll::wait(
            &self.0,
            rustix::buffer::spare_capacity(&mut events),
            Some(&NO_WAIT),
        );
        events
            .into_iter()
            .map(|event: epoll::Event| event.data.u64() as u32)
    }

    /// Waits until there is something to read.
    pub async fn readable(&self) -> io::Result<()> {
        let set = readiness(self.raw_fd(), Interest::READABLE)?;
        set.readable().await?.retain_ready();
        Ok(())
    }
}
