//! Reaches a peer.
