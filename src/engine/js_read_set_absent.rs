//! Where Node's event loop cannot watch our sockets, the engine reads them all.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use super::client::Client;
use super::shared_socket::SharedSocket;

pub struct JsReadSet {
    never: Infallible,
}

impl JsReadSet {
    pub fn new() -> io::Result<JsReadSet> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub fn raw_fd(&self) -> i32 {
        match self.never {}
    }

    pub(super) fn enqueue(&self, _: &Arc<Client>) {
        match self.never {}
    }

    pub(super) fn add(&self, _: u32, _: &SharedSocket) -> io::Result<()> {
        match self.never {}
    }

    pub(super) fn remove(&self, _: &SharedSocket) {
        match self.never {}
    }

    pub fn detach(&self, _: u32) {
        match self.never {}
    }

    pub fn reclaim(&self) {
        match self.never {}
    }

    pub fn serve(&self, _: impl FnMut(Arc<Client>) -> bool) {
        match self.never {}
    }

    pub async fn guard(self: Arc<Self>) {
        match self.never {}
    }
}
