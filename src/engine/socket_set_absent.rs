//! Where Node's event loop cannot watch our sockets, the engine reads them all.

use std::convert::Infallible;
use std::io;
use std::iter;

pub(super) struct SocketSet(Infallible);

impl SocketSet {
    pub fn new() -> io::Result<SocketSet> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub fn raw_fd(&self) -> i32 {
        match self.0 {}
    }

    pub fn add<S>(&self, _: u32, _: S) -> io::Result<()> {
        match self.0 {}
    }

    pub fn remove<S>(&self, _: S) {
        match self.0 {}
    }

    pub fn look(&self) -> iter::Empty<u32> {
        match self.0 {}
    }

    pub async fn readable(&self) -> io::Result<()> {
        match self.0 {}
    }
}
